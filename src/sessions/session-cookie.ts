/**
 * The cookie of a login session: 256 random bits that say nothing. The database holds
 * only digests, and the id of a session (the `sid` of ID tokens) is not the cookie.
 */
import { createHash, randomBytes } from 'node:crypto';

const RANDOM_BYTES = 32;

/** What `RANDOM_BYTES` are in base64url. */
const VALUE = /^[A-Za-z0-9_-]{43}$/;

export const newSessionCookie = (): string => randomBytes(RANDOM_BYTES).toString('base64url');

/** @returns what is stored of it; undefined where it cannot be one of ours */
export const digestOf = (value: string | undefined): Buffer | undefined =>
  value !== undefined && VALUE.test(value) ? createHash('sha256').update(value).digest() : undefined;
