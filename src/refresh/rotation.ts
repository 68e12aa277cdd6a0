/**
 * What a refresh token that could not be rotated is: the verdicts of docs/internals.md. A family's row and the times go in, a
 * verdict comes out.
 *
 * Times are milliseconds since the epoch.
 */
import { isWithin } from '../oauth/scope.js';
import type { FamilyGrant } from '../families/family-grant.js';

/** A family with what of its client and subject decides about it, read in one statement. */
export interface FamilySnapshot {
  readonly handle: string;
  readonly sid: string;
  readonly clientId: string;
  readonly subject: string;
  readonly scope: readonly string[];
  readonly generation: number;
  /** Newest first, the last eight at most: element i is when generation − i came to be, so when generation − i − 1 was superseded. */
  readonly rotatedAt: readonly number[];
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly revokedReason: string | null;
  readonly subjectDisabled: boolean;
  readonly clientDisabled: boolean;
  /** What the client may still have: it may have lost scopes since the grant. */
  readonly clientScopes: readonly string[];
  /** As `clientScopes`: it may have lost some of these as well. */
  readonly clientAudience: readonly string[];
  readonly retryWindowMs: number;
  readonly grant: FamilyGrant;
}

export interface Presented {
  readonly generation: number;
  readonly clientId: string;
  /** Undefined: the same as before. */
  readonly scope: readonly string[] | undefined;
  /** RFC 8707; undefined: all that was granted. */
  readonly resource?: readonly string[] | undefined;
}

export type DeathReason = 'revoked' | 'idle_expired' | 'expired' | 'subject_disabled' | 'client_disabled';

export type Verdict =
  | { readonly verdict: 'unknown' }
  | { readonly verdict: 'foreign'; readonly family: FamilySnapshot }
  | { readonly verdict: 'dead'; readonly reason: DeathReason; readonly family: FamilySnapshot }
  | { readonly verdict: 'too_wide'; readonly family: FamilySnapshot }
  | { readonly verdict: 'wrong_target'; readonly family: FamilySnapshot }
  /** The token can be rotated: the lock on its row is gone by now. Try again. */
  | { readonly verdict: 'rotatable'; readonly family: FamilySnapshot }
  | { readonly verdict: 'retry'; readonly family: FamilySnapshot }
  | { readonly verdict: 'stale'; readonly family: FamilySnapshot }
  | { readonly verdict: 'reuse'; readonly family: FamilySnapshot };

/**
 * @param arrivedAt when the whole request had come in: one that was complete before a rotation ended is concurrent with it, not
 *   a reuse, even where the retry window is zero
 */
export function judge(
  family: FamilySnapshot | undefined,
  presented: Presented,
  now: number,
  arrivedAt: number,
): Verdict {
  if (!family) return { verdict: 'unknown' };
  if (family.clientId !== presented.clientId) return { verdict: 'foreign', family };
  const reason = causeOfDeath(family, now);
  if (reason) return { verdict: 'dead', reason, family };
  const age = family.generation - presented.generation;
  // A generation that does not exist yet cannot have been minted here: only a restored database forgets rotations.
  if (age < 0) return { verdict: 'stale', family };
  const isRetry = age === 1 && supersededWithin(family, age, arrivedAt, family.retryWindowMs);
  if (age > 0 && !isRetry) {
    const excusedMs = Math.max(family.retryWindowMs, CONCURRENCY_MS);
    return { verdict: supersededWithin(family, age, arrivedAt, excusedMs) ? 'stale' : 'reuse', family };
  }
  if (isTooWide(family, presented.scope)) return { verdict: 'too_wide', family };
  if (isWrongTarget(family, presented.resource)) return { verdict: 'wrong_target', family };
  return { verdict: isRetry ? 'retry' : 'rotatable', family };
}

export function causeOfDeath(family: FamilySnapshot, now: number): DeathReason | undefined {
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
function supersededWithin(family: FamilySnapshot, age: number, arrivedAt: number, windowMs: number): boolean {
  const supersededAt = family.rotatedAt[age - 1];
  return supersededAt !== undefined && windowMs > 0 && arrivedAt - supersededAt <= windowMs;
}

/** Wider than the grant, or than what the client may still have; without a scope, when nothing is left of the grant. */
export function isTooWide({ scope, clientScopes }: FamilySnapshot, asked: readonly string[] | undefined): boolean {
  if (asked) return !isWithin(asked, scope) || !isWithin(asked, clientScopes);
  return scope.length > 0 && !scope.some((token) => clientScopes.includes(token));
}

/**
 * For a resource that it was not granted for (RFC 8707 §2.2), or that the client may no longer have; without one, when nothing
 * is left of those that were granted. A grant that names none is for all that the client has.
 */
export function isWrongTarget(
  { grant: { resource }, clientAudience }: FamilySnapshot,
  asked: readonly string[] | undefined,
): boolean {
  if (asked) return !isWithin(asked, clientAudience) || (resource.length > 0 && !isWithin(asked, resource));
  return resource.length > 0 && !resource.some((uri) => clientAudience.includes(uri));
}
