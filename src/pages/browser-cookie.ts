/** The cookie that identifies a browser before sign-in: a random value without personal data. */
import { randomBytes } from 'node:crypto';
import { areSecure, cookieName, cookieOf, setCookie } from '../platform/http/cookie.js';

const COOKIE = 'browser';
const RANDOM_BYTES = 16;

/** `RANDOM_BYTES` in base64url. */
const VALUE = /^[\w-]{22}$/;

export const newBrowserValue = (): string => randomBytes(RANDOM_BYTES).toString('base64url');

/** @param header the `Cookie` of the request @returns undefined also for a value that we never set */
export function browserValueIn(header: string | undefined, issuer: string): string | undefined {
  const value = cookieOf(header, cookieName(COOKIE, areSecure(issuer)));
  return value !== undefined && VALUE.test(value) ? value : undefined;
}

/** @returns a `Set-Cookie` that lasts until the browser is closed */
export const browserCookie = (issuer: string, value: string): string =>
  setCookie(COOKIE, value, undefined, areSecure(issuer));
