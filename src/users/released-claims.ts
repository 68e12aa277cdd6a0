/** Which of a user's claims a client gets: the requested standard claims that the user has. */
import { claimsOfScope, isStandardClaim, type ClaimName, type StandardClaims } from '../oauth/standard-claims.js';

/** The claims that a scope requests (OpenID Connect Core §5.4). */
export const claimNamesOf = (scope: readonly string[]): ClaimName[] =>
  scope.flatMap((token) => (Object.hasOwn(claimsOfScope, token) ? claimsOfScope[token]! : []));

/**
 * Skips names that are not standard claims, so that no request can override `sub` or `iss` or read other stored data; and
 * claims that the user does not have (§5.3.2: not null, not empty).
 */
export function releasedClaims(claims: StandardClaims, names: readonly string[]): StandardClaims {
  const released = Object.entries(claims).filter(
    ([name, value]) => isStandardClaim(name) && names.includes(name) && isPresent(value),
  );
  return Object.fromEntries(released);
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
