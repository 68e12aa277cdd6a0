/** Names of claims that this service does not define, and the names that it keeps for itself. */

const MAX_CLAIM_NAME_CHARACTERS = 100;

/** Printable ASCII without spaces: a short name, or a URI as RFC 7519 §4.2 recommends. */
const CLAIM_NAME = new RegExp(`^[\\x21-\\x7e]{1,${MAX_CLAIM_NAME_CHARACTERS}}$`);

/** These names have a meaning in tokens, introspection or the specifications, so no claim of a user may have one. */
const reserved: ReadonlySet<string> = new Set([
  // JWT (RFC 7519 §4.1), and its headers where a library mixes them up.
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'typ', 'alg', 'kid'],
  // Access tokens (RFC 9068 §2.2), token exchange, proof of possession and introspection (RFC 7662 §2.2).
  ...['client_id', 'scope', 'scp', 'family_id', 'act', 'may_act', 'cnf', 'authorization_details'],
  ...['active', 'token_type', 'username'],
  // ID tokens and logout tokens.
  ...['auth_time', 'acr', 'amr', 'azp', 'nonce', 'at_hash', 'c_hash', 's_hash', 'sid', 'events', 'sub_jwk'],
  ...['_claim_names', '_claim_sources'],
]);

export const isReservedClaim = (name: string): boolean => reserved.has(name);

/** @returns the rule that the name breaks; undefined for a good one */
export function claimNameProblem(name: string): string | undefined {
  if (!CLAIM_NAME.test(name)) {
    return `must have names of 1 to ${MAX_CLAIM_NAME_CHARACTERS} printable ASCII characters without spaces`;
  }
  return isReservedClaim(name) ? `must not hold ${name}, which this service sets itself` : undefined;
}
