/**
 * What a revocation hits. Five kinds, one comparison: an access token is dead when it was born before the `not_before` of
 * a revocation that concerns it. Born is in milliseconds, from the time in its `jti` (a UUIDv7), so that a user who signs
 * in again in the very second of a revocation gets a session that lives.
 */
import type { FamilySelection } from '../families/family-selection.js';

export const revocationKinds = ['token', 'family', 'subject', 'client', 'all'] as const;

export type RevocationKind = (typeof revocationKinds)[number];

export interface Revocation {
  readonly kind: RevocationKind;
  /** `jti`, `sid`, `sub`, `client_id`; empty for kind `all`. */
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch: from here on there is no live token that it could hit. */
  readonly expiresAt: number;
}

/** What of an access token a revocation may name. */
export interface RevocableToken {
  readonly jti: string;
  readonly subject: string;
  readonly clientId: string;
  readonly sid?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly bornAt: number;
}

/** The (kind, value) pairs under which a revocation of this token could stand. */
export function concerns(token: RevocableToken): [kind: RevocationKind, value: string][] {
  const pairs: [RevocationKind, string][] = [
    ['all', ''],
    ['client', token.clientId],
    ['subject', token.subject],
    ['token', token.jti],
  ];
  if (token.sid !== undefined) pairs.push(['family', token.sid]);
  return pairs;
}

export const isHitBy = (token: RevocableToken, notBefore: number): boolean => token.bornAt < notBefore;

/** No access token lives longer (clients are validated against it), so no revocation needs to be remembered for longer. */
export const LONGEST_ACCESS_TOKEN_MS = 24 * 60 * 60 * 1000;

/**
 * How long a request that began before a client or subject was disabled may still yield an access token: a statement under
 * way, a client read a second ago. What such a request yields is dead as well; nothing else is issued in that time.
 */
export const IN_FLIGHT_MS = 2000;

/** The families that a revocation ends beside the access tokens; undefined where it is about one access token. */
export function familiesHitBy(kind: RevocationKind, value: string): FamilySelection | undefined {
  const selections: Record<RevocationKind, FamilySelection | undefined> = {
    token: undefined,
    family: { sid: value },
    subject: { subject: value },
    client: { clientId: value },
    all: {},
  };
  return selections[kind];
}
