/**
 * The `jti` of an access token: a UUIDv7 (RFC 9562 §5.7), which gives the time of issue in milliseconds where `iat` gives
 * seconds. Refreshed tokens derive theirs from (sid, generation), so that a retry yields the same `jti`.
 */
import { randomBytes } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';

export const randomIdentity = (bornAt: number): string => format(bornAt, randomBytes(10));

/** @param key 32 bytes, derived from the master key */
export function derivedIdentity(sid: string, generation: number, bornAt: number, key: Buffer): string {
  return format(bornAt, hmacSha256(key, `${sid} ${generation}`).subarray(0, 10));
}

/** @returns milliseconds since the epoch; NaN where the text is no UUID */
export const birthOf = (jti: string): number => parseInt(jti.slice(0, 8) + jti.slice(9, 13), 16);

/** @param rest 10 bytes, of which 6 bits give way to version and variant */
function format(bornAt: number, rest: Buffer): string {
  const time = Math.floor(bornAt).toString(16).padStart(12, '0');
  const hex = rest.toString('hex');
  const variant = ((parseInt(hex.slice(4, 5), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(1, 4)}-${variant}${hex.slice(5, 8)}-${hex.slice(8, 20)}`;
}
