/**
 * What a refresh token that could not be rotated is: the verdicts of docs/internals.md. A family's row and the times go in, a
 * verdict comes out.
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
  /** RFC 8707; undefined: all that was granted. */
  readonly resource: readonly string[] | undefined;
  readonly correlationId: string;
}

export type EndReason = 'revoked' | 'idle_expired' | 'expired' | 'subject_disabled' | 'client_disabled';

export type Verdict =
  | { readonly verdict: 'unknown' }
  | { readonly verdict: 'foreign'; readonly family: TokenFamily }
  | { readonly verdict: 'dead'; readonly reason: EndReason; readonly family: TokenFamily }
  | { readonly verdict: 'too_wide'; readonly family: TokenFamily }
  | { readonly verdict: 'wrong_target'; readonly family: TokenFamily }
  /** The token can be rotated: the lock on its row is gone by now. Try again. */
  | { readonly verdict: 'rotatable'; readonly family: TokenFamily }
  | { readonly verdict: 'retry'; readonly family: TokenFamily }
  | { readonly verdict: 'stale'; readonly family: TokenFamily }
  | { readonly verdict: 'reuse'; readonly family: TokenFamily };

/**
 * @param arrivedAt when the whole request had come in: one that was complete before a rotation ended is concurrent with it, not
 *   a reuse, even where the retry window is zero
 */
export function judge(
  family: TokenFamily | undefined,
  presented: Omit<Presented, 'handle' | 'correlationId'>,
  now: number,
  arrivedAt: number,
): Verdict {
  if (!family) return { verdict: 'unknown' };
  if (family.clientId !== presented.clientId) return { verdict: 'foreign', family };
  const reason = endReason(family, now);
  if (reason) return { verdict: 'dead', reason, family };
  const age = family.generation - presented.generation;
  // A generation that does not exist yet cannot have been minted here: only a restored database forgets rotations.
  if (age < 0) return { verdict: 'stale', family };
  const isRetry = age === 1 && supersededWithin(family, age, arrivedAt, family.retryWindowMs);
  if (age > 0 && !isRetry) {
    const excusedMs = Math.max(family.retryWindowMs, CONCURRENCY_MS);
    return { verdict: supersededWithin(family, age, arrivedAt, excusedMs) ? 'stale' : 'reuse', family };
  }
  if (exceedsScope(family, presented.scope)) return { verdict: 'too_wide', family };
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
 * The longest that a rotation may take: a request that came in while it was under way is concurrent with it. Only a client
 * whose retry window is shorter than this notices: what comes that early is refused, and is no reuse yet.
 */
const CONCURRENCY_MS = 1000;

/**
 * Older than the row remembers counts as outside the window: an honest client does not rotate nine times within it, and a
 * thief who does must not hide behind it.
 */
function supersededWithin(family: TokenFamily, age: number, arrivedAt: number, windowMs: number): boolean {
  const supersededAt = family.rotatedAt[age - 1];
  return supersededAt !== undefined && windowMs > 0 && arrivedAt - supersededAt <= windowMs;
}

/** Wider than the grant, or than what the client may still have; without a scope, when nothing is left of the grant. */
export function exceedsScope({ scope, clientScopes }: TokenFamily, asked: readonly string[] | undefined): boolean {
  if (asked) return !isWithin(asked, scope) || !isWithin(asked, clientScopes);
  return scope.length > 0 && !scope.some((token) => clientScopes.includes(token));
}

/**
 * For a resource that it was not granted for (RFC 8707 §2.2), or that the client may no longer have; without one, when nothing
 * is left of those that were granted. A grant that names none is for all that the client has.
 */
export function isWrongTarget(
  { grant: { resource }, clientAudience }: TokenFamily,
  asked: readonly string[] | undefined,
): boolean {
  if (asked) return !isWithin(asked, clientAudience) || (resource.length > 0 && !isWithin(asked, resource));
  return resource.length > 0 && !resource.some((uri) => clientAudience.includes(uri));
}
