/** What an authorization holds beside its scope, as a family keeps it. */
import type { Authentication } from '../oauth/authentication.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';

export interface FamilyGrant {
  /** Whether it yields refresh tokens (OpenID Connect Core §11). */
  readonly offline: boolean;
  /** RFC 8707; empty: all that the client has. */
  readonly resource: readonly string[];
  readonly claims: RequestedClaims | undefined;
  /** Undefined where no user signed in here: the family was started by an admin. */
  readonly authentication: Authentication | undefined;
}

/** The columns of `token_families` that hold it. */
export interface FamilyGrantRow {
  offline: boolean;
  resource: string[];
  claims: RequestedClaims | null;
  session_id: string | null;
  auth_time: Date | null;
  acr: string | null;
  amr: string[] | null;
}

export const familyGrantColumns = 'f.offline, f.resource, f.claims, f.session_id, f.auth_time, f.acr, f.amr';

export const toFamilyGrant = (row: FamilyGrantRow): FamilyGrant => ({
  offline: row.offline,
  resource: row.resource,
  claims: row.claims ?? undefined,
  authentication:
    row.session_id === null || row.auth_time === null
      ? undefined
      : { sessionId: row.session_id, authTime: row.auth_time.getTime(), acr: row.acr ?? '', amr: row.amr ?? [] },
});
