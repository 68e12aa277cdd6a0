/** A token family for rotation, revocation and introspection. Times are milliseconds since the epoch. */
import type { Authentication } from '../oauth/authentication.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';

/** The family, with the facts about its client and subject that affect it. */
export interface TokenFamily {
  /** The primary key, which is a secret: it is part of every refresh token. */
  readonly handle: string;
  readonly familyId: string;
  readonly clientId: string;
  readonly subject: string;
  readonly scope: readonly string[];
  readonly generation: number;
  /**
   * Times of the last eight rotations, newest first: element i is when generation − i was issued, and so when generation − i − 1
   * was superseded. Empty in the result of a rotation, which does not need it.
   */
  readonly rotatedAt: readonly number[];
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly revokedReason: string | null;
  readonly subjectDisabled: boolean;
  readonly clientDisabled: boolean;
  /** The client's current scopes; it may have lost some since the grant. */
  readonly clientScopes: readonly string[];
  /** The client's current audience. */
  readonly clientAudience: readonly string[];
  readonly retryWindowMs: number;
  /** The rest of the authorization besides its scope. */
  readonly grant: {
    /** Whether it yields refresh tokens (OpenID Connect Core §11). */
    readonly offline: boolean;
    /** RFC 8707; empty: the client's whole audience. */
    readonly resource: readonly string[];
    readonly claims: RequestedClaims | undefined;
    /** Undefined for a family that an admin started without a sign-in. */
    readonly authentication: Authentication | undefined;
  };
}
