/**
 * The `jti` of an access token: a UUIDv7 (RFC 9562 §5.7), which gives the time of issue in milliseconds where `iat` gives
 * seconds. Refreshed tokens derive theirs from (family_id, generation), so that a retry yields the same `jti`.
 */
import { v7 as uuidv7 } from 'uuid';
import { hmacSha256 } from '../keys/hmac.js';

export const randomIdentity = (bornAt: number): string => uuidv7({ msecs: bornAt });

/** @param key 32 bytes, derived from the master key */
export function derivedIdentity(familyId: string, generation: number, bornAt: number, key: Buffer): string {
  return uuidv7({ msecs: bornAt, random: hmacSha256(key, `${familyId} ${generation}`) });
}

/** @returns milliseconds since the epoch; NaN where the text is no UUID */
export const birthOf = (jti: string): number => parseInt(jti.slice(0, 8) + jti.slice(9, 13), 16);
