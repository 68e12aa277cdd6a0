import type { RequestedClaims } from '../oauth/requested-claims.js';

/** Columns of the family `f`, its client and its subject. Scopes are text, which the driver parses faster. */
const familyColumns = `f.id, f.family_id, f.client_id, f.subject, array_to_string(f.scope, ' ') AS scope, f.generation,
  (extract(epoch FROM f.idle_expires_at) * 1000)::float8 AS idle_expires_at,
  (extract(epoch FROM f.absolute_expires_at) * 1000)::float8 AS absolute_expires_at,
  CASE WHEN f.revoked_at IS NOT NULL THEN coalesce(f.revoked_reason, '') END AS revoked_reason,
  f.subject_disabled, f.client_disabled, array_to_string(f.client_scopes, ' ') AS client_scopes, f.client_audience,
  f.retry_window_seconds, f.offline, f.resource, f.claims, f.session_id, f.auth_time, f.acr, f.amr`;

/** A row of these columns. `rotated_at` is read only by `FAMILIES_SQL`. */
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

/**
 * A statement that a stuck database executes later than this has timed out long ago, but is committed all the same. Its grace
 * period must begin when it was executed, not when it was sent: the client got a 503 and will retry.
 */
const LONGEST_WAIT_SECONDS = 2;

/**
 * The rotation: one compare-and-swap for many families at once, with their audit events. It rotates each entry whose token is the
 * current one and whose family, client and subject are valid, and leaves all others unchanged; `rotation.ts` decides why.
 *
 * It reads in three steps. `free`: the families that may be rotated, locked in key order, so that two statements cannot
 * deadlock; a locked row is skipped, so that one blocked family does not hold up a batch. `rotated`: the update. `audited`: one
 * event per rotation, in the same transaction because it is the same statement.
 *
 * Parameters: $1 handles, $2 generations, $3 client ids, $4 scopes asked for (null: the same as before), $5 resources asked for
 * (null: all), $6 correlation ids, $7 now, $8 addresses and $9 user agents of the requests.
 */
export function rotationSql({ audit, skipLocked }: { audit: boolean; skipLocked: boolean }): string {
  return `
WITH asked AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $8::text[], $9::text[])
    AS a (id, generation, client_id, scope, resource, correlation_id, source, agent)
), free AS MATERIALIZED (
  SELECT f.id, a.scope AS asked_scope, a.correlation_id, a.source, a.agent, c.scopes AS client_scopes, c.audience AS client_audience, c.idle_ttl_seconds, c.retry_window_seconds,
    GREATEST($7::timestamptz, date_trunc('milliseconds', clock_timestamp()) - interval '${LONGEST_WAIT_SECONDS} seconds') AS at,
    c.scope_narrowing = 'sticky' AND a.scope IS NOT NULL AS narrows,
    c.rotation = 'always' OR (c.rotation = 'public_only' AND c.type = 'public')
      OR (f.from_authorization_code AND f.generation = 0) AS rotates
  FROM asked a
  JOIN token_families f ON f.id = a.id AND f.generation = a.generation AND f.client_id = a.client_id
  JOIN clients c ON c.client_id = f.client_id
  LEFT JOIN subjects s ON s.subject = f.subject
  WHERE f.revoked_at IS NULL AND f.idle_expires_at > $7 AND f.absolute_expires_at > $7
    AND c.disabled_at IS NULL AND c.deleted_at IS NULL AND s.disabled_at IS NULL
    AND CASE WHEN a.scope IS NULL THEN f.scope = '{}' OR f.scope && c.scopes
      ELSE string_to_array(a.scope, ' ') <@ f.scope AND string_to_array(a.scope, ' ') <@ c.scopes END
    AND CASE WHEN a.resource IS NULL THEN f.resource = '{}' OR f.resource && c.audience
      ELSE string_to_array(a.resource, ' ') <@ c.audience
        AND (f.resource = '{}' OR string_to_array(a.resource, ' ') <@ f.resource) END
  ORDER BY f.id
  FOR NO KEY UPDATE OF f ${skipLocked ? 'SKIP LOCKED' : ''}
), rotated AS (
  UPDATE token_families f SET
    generation = f.generation + free.rotates::int,
    rotated_at = CASE WHEN free.rotates THEN (free.at || f.rotated_at)[1:8] ELSE f.rotated_at END,
    last_used_at = GREATEST(f.last_used_at, free.at), -- a clock that is behind must not hide tokens that one ahead has issued
    idle_expires_at = LEAST(f.absolute_expires_at, free.at + free.idle_ttl_seconds * interval '1 second'),
    scope = CASE WHEN free.narrows THEN string_to_array(free.asked_scope, ' ') ELSE f.scope END
  FROM free WHERE f.id = free.id
  RETURNING f.*, free.client_scopes, free.client_audience, free.retry_window_seconds, free.rotates, free.correlation_id, free.source, free.agent, free.at,
    false AS subject_disabled, false AS client_disabled -- the rows of free are of enabled ones
)${audit ? AUDITED : ''}
SELECT ${familyColumns}, f.rotates, (extract(epoch FROM f.at) * 1000)::float8 AS at
FROM rotated f`;
}

const AUDITED = `, audited AS (
  INSERT INTO audit_events (at, event, client_id, subject, family_id, correlation_id, source, agent, generation)
  SELECT at, CASE
      WHEN from_authorization_code AND rotates AND generation = 1 THEN 'code.redeemed'
      WHEN rotates THEN 'refresh.rotated'
      ELSE 'refresh.renewed'
    END, client_id, subject, family_id, correlation_id, source, agent, generation
  FROM rotated
)`;

/** $1: handles. Everything that `judge` needs, from the same snapshot. */
export const FAMILIES_SQL = `
SELECT ${familyColumns}, f.rotated_at
FROM (
  SELECT f.*, s.disabled_at IS NOT NULL AS subject_disabled, c.disabled_at IS NOT NULL OR c.deleted_at IS NOT NULL AS client_disabled,
    c.scopes AS client_scopes, c.audience AS client_audience, c.retry_window_seconds
  FROM token_families f
  JOIN clients c ON c.client_id = f.client_id
  LEFT JOIN subjects s ON s.subject = f.subject
  WHERE f.id = ANY($1::uuid[])
) f`;
