/**
 * The cookie of a login session: 256 random bits. The database has only its digest, and the session's id (the `sid` of ID
 * tokens) is a different value.
 */
import { createHash, randomBytes } from 'node:crypto';

const RANDOM_BYTES = 32;

/** `RANDOM_BYTES` in base64url. */
const VALUE = /^[A-Za-z0-9_-]{43}$/;

export const newSessionCookie = (): string => randomBytes(RANDOM_BYTES).toString('base64url');

/** @returns the digest to store; undefined if the value cannot be one of our cookies */
export const digestOf = (value: string | undefined): Buffer | undefined =>
  value !== undefined && VALUE.test(value) ? createHash('sha256').update(value).digest() : undefined;
