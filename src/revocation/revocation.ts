/**
 * What a revocation hits. Five kinds, one comparison: an access token is revoked when its time of issue is before the
 * `not_before` of a revocation that concerns it. The time of issue has milliseconds and comes from the `jti` (a UUIDv7), so
 * that a user who signs in again within the second of a revocation gets a valid token.
 */
import type { FamilySelection } from '../families/family-selection.js';

export const revocationKinds = ['token', 'family', 'subject', 'client', 'all'] as const;

export type RevocationKind = (typeof revocationKinds)[number];

export interface Revocation {
  readonly kind: RevocationKind;
  /** `jti`, `family_id`, `sub`, `client_id`; empty for kind `all`. */
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch: from here on every token that it could hit has expired. */
  readonly expiresAt: number;
}

/** The claims of an access token that a revocation can name. */
export interface RevocableToken {
  readonly jti: string;
  readonly subject: string;
  readonly clientId: string;
  readonly familyId?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** The (kind, value) pairs of all revocations that could hit this token. */
export function concerns(token: RevocableToken): [kind: RevocationKind, value: string][] {
  const pairs: [RevocationKind, string][] = [
    ['all', ''],
    ['client', token.clientId],
    ['subject', token.subject],
    ['token', token.jti],
  ];
  if (token.familyId !== undefined) pairs.push(['family', token.familyId]);
  return pairs;
}

export const isHitBy = (token: RevocableToken, notBefore: number): boolean => token.issuedAt < notBefore;

/** Upper limit of a client's access token lifetime, and so of how long a revocation must be remembered. */
export const LONGEST_ACCESS_TOKEN_MS = 24 * 60 * 60 * 1000;

/**
 * How long a request that began before a client or subject was disabled may still issue an access token: a statement under
 * way, a client read a second ago. Such tokens are revoked as well; no other tokens are issued in that time.
 */
export const IN_FLIGHT_MS = 2000;

/** The families that a revocation ends besides the access tokens; undefined for a single access token. */
export function familiesHitBy(kind: RevocationKind, value: string): FamilySelection | undefined {
  const selections: Record<RevocationKind, FamilySelection | undefined> = {
    token: undefined,
    family: { familyId: value },
    subject: { subject: value },
    client: { clientId: value },
    all: {},
  };
  return selections[kind];
}
