import type { RevocableToken, Revocation } from './revocation.js';

/**
 * The fast copy of the live revocations. PostgreSQL is the truth; a tracker may forget everything at any moment, and must
 * then say `unknown` rather than guess. Two implementations: Redis for replicas, in process for the embedded service.
 */
export abstract class RevocationTracker {
  /**
   * One look, one round trip.
   * @returns `unknown` whenever the copy is not known to be complete: flushed, stale, away. Never rejects.
   */
  abstract check(token: RevocableToken): Promise<'live' | 'revoked' | 'unknown'>;

  /** Copies revocations that PostgreSQL has committed. Best effort: what is missed here is copied within the lease. Never rejects. */
  abstract add(revocations: readonly Revocation[]): Promise<void>;

  /** Begins to copy; waits for nothing. */
  abstract start(): void;

  abstract stop(): Promise<void>;

  /** Whether checks are answered from the copy at this moment; for readiness and metrics. */
  abstract get state(): 'ready' | 'rebuilding' | 'away';
}

/**
 * Where a tracker copies from (`RevocationRepository.live`, on PostgreSQL): the revocations that have not expired, created by the
 * database's clock no longer than `withinMs` ago; all of them when it is undefined.
 */
export type LiveRevocations = (withinMs?: number) => Promise<Revocation[]>;
