/** What a user has agreed that a client may do, and whether that is enough for what it asks now. */
import type { RequestedClaims } from '../oauth/requested-claims.js';
import { isWithin } from '../oauth/scope.js';

export interface Consent {
  readonly scope: readonly string[];
  /** Claims beyond those of the scope. */
  readonly claims: readonly string[];
}

/** What is to be agreed to. */
export interface RequestedConsent {
  readonly scope: readonly string[];
  readonly claims: RequestedClaims | undefined;
}

export const claimNames = (claims: RequestedClaims | undefined): string[] => [
  ...new Set([...(claims?.userinfo ?? []), ...(claims?.id_token ?? [])]),
];

export const consentCovers = (consent: Consent | undefined, { scope, claims }: RequestedConsent): boolean =>
  consent !== undefined && isWithin(scope, consent.scope) && isWithin(claimNames(claims), consent.claims);
