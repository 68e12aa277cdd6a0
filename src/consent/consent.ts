/** A user's consent for a client, and whether it covers a new request. */
import type { RequestedClaims } from '../oauth/requested-claims.js';
import { isWithin } from '../oauth/scope.js';

export interface Consent {
  readonly scope: readonly string[];
  /** Claims beyond those of the scope. */
  readonly claims: readonly string[];
}

/** The scope and claims that need consent. */
export interface RequestedConsent {
  readonly scope: readonly string[];
  readonly claims: RequestedClaims | undefined;
}

export const claimNames = (claims: RequestedClaims | undefined): string[] => [
  ...new Set([...(claims?.userinfo ?? []), ...(claims?.id_token ?? [])]),
];

export const consentCovers = (consent: Consent | undefined, { scope, claims }: RequestedConsent): boolean =>
  consent !== undefined && isWithin(scope, consent.scope) && isWithin(claimNames(claims), consent.claims);
