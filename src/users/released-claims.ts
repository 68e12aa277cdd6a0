/** Which of a user's claims a client gets to see: those that the user let it have, and of those the ones that are known. */
import { claimsOfScope, type ClaimName, type StandardClaims } from '../oauth/standard-claims.js';

const standardNames: ReadonlySet<string> = new Set(Object.values(claimsOfScope).flat());

/** Those that a scope asks for (OpenID Connect Core §5.4). */
export const claimNamesOf = (scope: readonly string[]): ClaimName[] =>
  scope.flatMap((token) => (Object.hasOwn(claimsOfScope, token) ? claimsOfScope[token]! : []));

/**
 * A name that is no standard claim's is passed over: no request can take the place of `sub` or `iss`, nor read anything that
 * may come to lie beside the claims. So is a claim that the user does not have (§5.3.2: not null, not empty).
 */
export function releasedClaims(claims: StandardClaims, names: readonly string[]): StandardClaims {
  const released = Object.entries(claims).filter(
    ([name, value]) => standardNames.has(name) && names.includes(name) && isPresent(value),
  );
  return Object.fromEntries(released);
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
