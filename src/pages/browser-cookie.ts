/** The cookie that tells one browser from another before anybody has signed in: a random value, and nothing about anybody. */
import { randomBytes } from 'node:crypto';
import { areSecure, cookieName, cookieOf, setCookie } from '../platform/http/cookie.js';

const COOKIE = 'browser';
const RANDOM_BYTES = 16;

/** What `RANDOM_BYTES` are in base64url. */
const VALUE = /^[\w-]{22}$/;

export const newBrowserValue = (): string => randomBytes(RANDOM_BYTES).toString('base64url');

/** @param header the `Cookie` of the request @returns undefined also for what cannot be one of ours */
export function browserValueIn(header: string | undefined, issuer: string): string | undefined {
  const value = cookieOf(header, cookieName(COOKIE, areSecure(issuer)));
  return value !== undefined && VALUE.test(value) ? value : undefined;
}

/** @returns a `Set-Cookie`: gone with the browser */
export const browserCookie = (issuer: string, value: string): string =>
  setCookie(COOKIE, value, undefined, areSecure(issuer));
