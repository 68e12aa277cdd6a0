/**
 * Judges a refresh token that could not be rotated: from the family's row and the times to a verdict (docs/internals.md).
 *
 * Times are milliseconds since the epoch.
 */
import { isWithin } from '../oauth/scope.js';
import type { RefreshTokenParts } from '../families/refresh-token.js';
import type { TokenFamily } from '../families/token-family.js';

/** A refresh token or an authorization code (generation 0 of its family), presented for new tokens. */
export interface Presented extends RefreshTokenParts {
  readonly clientId: string;
  /** Undefined: the same as before. */
  readonly scope: readonly string[] | undefined;
  /** RFC 8707; undefined: all granted resources. */
  readonly resource: readonly string[] | undefined;
  readonly correlationId: string;
  /** The address and the user agent family of the request, for its audit event. */
  readonly source?: string | undefined;
  readonly agent?: string | undefined;
}

export type EndReason = 'revoked' | 'idle_expired' | 'expired' | 'subject_disabled' | 'client_disabled';

export type Verdict =
  | { readonly verdict: 'unknown' }
  | { readonly verdict: 'client_mismatch'; readonly family: TokenFamily }
  | { readonly verdict: 'ended'; readonly reason: EndReason; readonly family: TokenFamily }
  | { readonly verdict: 'scope_exceeded'; readonly family: TokenFamily }
  | { readonly verdict: 'wrong_target'; readonly family: TokenFamily }
  /** The token can be rotated, because the lock on its row is gone. Try again. */
  | { readonly verdict: 'rotatable'; readonly family: TokenFamily }
  | { readonly verdict: 'retry'; readonly family: TokenFamily }
  | { readonly verdict: 'stale'; readonly family: TokenFamily }
  | { readonly verdict: 'reuse'; readonly family: TokenFamily };

/**
 * @param arrivedAt when the request was complete: a request that was complete before a rotation ended is concurrent with it, not
 *   a reuse, even with a grace period of zero
 */
export function judge(
  family: TokenFamily | undefined,
  presented: Omit<Presented, 'handle' | 'correlationId' | 'source' | 'agent'>,
  now: number,
  arrivedAt: number,
): Verdict {
  if (!family) return { verdict: 'unknown' };
  if (family.clientId !== presented.clientId) return { verdict: 'client_mismatch', family };
  const reason = endReason(family, now);
  if (reason) return { verdict: 'ended', reason, family };
  const age = family.generation - presented.generation;
  // A generation that does not exist yet: the database was restored from a backup and has lost rotations.
  if (age < 0) return { verdict: 'stale', family };
  const isRetry = age === 1 && supersededWithin(family, age, arrivedAt, family.retryWindowMs);
  if (age > 0 && !isRetry) {
    const excusedMs = Math.max(family.retryWindowMs, CONCURRENCY_MS);
    return { verdict: supersededWithin(family, age, arrivedAt, excusedMs) ? 'stale' : 'reuse', family };
  }
  if (exceedsScope(family, presented.scope)) return { verdict: 'scope_exceeded', family };
  if (isWrongTarget(family, presented.resource)) return { verdict: 'wrong_target', family };
  return { verdict: isRetry ? 'retry' : 'rotatable', family };
}

export function endReason(family: TokenFamily, now: number): EndReason | undefined {
  if (family.revokedReason !== null) return 'revoked';
  if (family.clientDisabled) return 'client_disabled';
  if (family.subjectDisabled) return 'subject_disabled';
  if (now >= family.absoluteExpiresAt) return 'expired';
  if (now >= family.idleExpiresAt) return 'idle_expired';
  return undefined;
}

/**
 * The longest time that a rotation may take: a request that arrives meanwhile is concurrent with it. Only matters for a client
 * with a shorter grace period: such a request is refused, but is not a reuse.
 */
const CONCURRENCY_MS = 1000;

/**
 * A generation older than the row remembers counts as outside the grace period: an honest client does not rotate nine times within
 * it, and a thief who does must not stay undetected.
 */
function supersededWithin(family: TokenFamily, age: number, arrivedAt: number, windowMs: number): boolean {
  const at = supersededAt(family, family.generation - age);
  return at !== undefined && windowMs > 0 && arrivedAt - at <= windowMs;
}

/** @returns undefined for the current generation, and for one that is older than the row remembers */
export const supersededAt = ({ rotatedAt, generation }: TokenFamily, presented: number): number | undefined =>
  rotatedAt[generation - presented - 1];

/** Whether the scope exceeds the grant or the client's current scopes; without a scope, whether nothing is left of the grant. */
export function exceedsScope({ scope, clientScopes }: TokenFamily, asked: readonly string[] | undefined): boolean {
  if (asked) return !isWithin(asked, scope) || !isWithin(asked, clientScopes);
  return scope.length > 0 && !scope.some((token) => clientScopes.includes(token));
}

/**
 * Whether a resource is outside the grant (RFC 8707 §2.2) or the client's current audience; without a resource, whether nothing
 * is left of the granted ones. A grant without resources covers the client's whole audience.
 */
export function isWrongTarget(
  { grant: { resource }, clientAudience }: TokenFamily,
  asked: readonly string[] | undefined,
): boolean {
  if (asked) return !isWithin(asked, clientAudience) || (resource.length > 0 && !isWithin(asked, resource));
  return resource.length > 0 && !resource.some((uri) => clientAudience.includes(uri));
}

/** The generations for the audit event of a token that was not rotated, and when it was superseded. */
export function generations(family: TokenFamily, presented: number): Record<string, unknown> {
  const at = supersededAt(family, presented);
  return {
    presented_generation: presented,
    current_generation: family.generation,
    ...(at !== undefined && { superseded_at: new Date(at).toISOString() }),
    retry_window_seconds: family.retryWindowMs / 1000,
  };
}
