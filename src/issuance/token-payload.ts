/** Adds a user's claims to those that a token has itself. */
import type { UserClaims } from '../users/released-claims.js';

/** A token of more than 8192 characters is not read back: this leaves room for base64, the header and an RSA signature. */
export const MAX_PAYLOAD_BYTES = 5632;

/**
 * Adds the user's claims, which never override the token's own. Where it would get too large, the largest are left out.
 * @returns the payload, and the names of those that are missing in it
 */
export function withUserClaims<Own extends object>(
  own: Own,
  released: UserClaims,
): { payload: Own & UserClaims; missing: string[] } {
  const bySize = Object.entries(released).sort((one, other) => sizeOf(one) - sizeOf(other));
  const room = MAX_PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify(own));
  let used = 0;
  const fitting = bySize.filter((member) => (used += sizeOf(member)) <= room);
  return {
    payload: { ...Object.fromEntries(fitting), ...own },
    missing: bySize.slice(fitting.length).map(([name]) => name),
  };
}

/** With quotes, colon and comma. */
const sizeOf = ([name, value]: [string, unknown]): number =>
  Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(value)) + 2;
