/**
 * A refresh token of another server that was imported stands for generation 0 of its family: its first refresh rotates it into
 * one of ours, with the same grace period and the same detection of reuse. Only a keyed digest of it is stored.
 */
import { createHash } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';

/** @param token visible ASCII @returns 32 bytes, which an export of the other server may have in place of the token */
export const tokenSha256 = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();

/** @param key 32 bytes, derived from the master key: without it, short tokens could be guessed from a dump of the database */
export const importedTokenDigest = (sha256: Buffer, key: Buffer): Buffer => hmacSha256(key, sha256);
