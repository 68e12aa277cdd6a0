/**
 * A token family for rotation, revocation and introspection, and its mapping from the rows of `refresh/rotation-sql.ts`. Times are
 * milliseconds since the epoch.
 */
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

/** The columns of `familyColumns`. */
export interface TokenFamilyRow {
  id: string;
  family_id: string;
  client_id: string;
  subject: string;
  scope: string;
  generation: number;
  rotated_at?: Date[];
  idle_expires_at: number;
  absolute_expires_at: number;
  revoked_reason: string | null;
  subject_disabled: boolean;
  client_disabled: boolean;
  client_scopes: string;
  client_audience: string[];
  retry_window_seconds: number;
  offline: boolean;
  resource: string[];
  claims: RequestedClaims | null;
  session_id: string | null;
  auth_time: Date | null;
  acr: string | null;
  amr: string[] | null;
}

/** Columns of the family `f`, its client and its subject. Scopes are text, which the driver parses faster. */
export const familyColumns = `f.id, f.family_id, f.client_id, f.subject, array_to_string(f.scope, ' ') AS scope, f.generation,
  (extract(epoch FROM f.idle_expires_at) * 1000)::float8 AS idle_expires_at,
  (extract(epoch FROM f.absolute_expires_at) * 1000)::float8 AS absolute_expires_at,
  CASE WHEN f.revoked_at IS NOT NULL THEN coalesce(f.revoked_reason, '') END AS revoked_reason,
  f.subject_disabled, f.client_disabled, array_to_string(f.client_scopes, ' ') AS client_scopes, f.client_audience,
  f.retry_window_seconds, f.offline, f.resource, f.claims, f.session_id, f.auth_time, f.acr, f.amr`;

export const toTokenFamily = (row: TokenFamilyRow): TokenFamily => ({
  handle: row.id,
  familyId: row.family_id,
  clientId: row.client_id,
  subject: row.subject,
  scope: words(row.scope),
  generation: row.generation,
  rotatedAt: row.rotated_at?.map(Number) ?? [],
  idleExpiresAt: row.idle_expires_at,
  absoluteExpiresAt: row.absolute_expires_at,
  revokedReason: row.revoked_reason,
  subjectDisabled: row.subject_disabled,
  clientDisabled: row.client_disabled,
  clientScopes: words(row.client_scopes),
  clientAudience: row.client_audience,
  retryWindowMs: row.retry_window_seconds * 1000,
  grant: {
    offline: row.offline,
    resource: row.resource,
    claims: row.claims ?? undefined,
    authentication:
      row.session_id === null || row.auth_time === null
        ? undefined
        : { sessionId: row.session_id, authTime: row.auth_time.getTime(), acr: row.acr ?? '', amr: row.amr ?? [] },
  },
});

const words = (text: string): string[] => (text === '' ? [] : text.split(' '));
