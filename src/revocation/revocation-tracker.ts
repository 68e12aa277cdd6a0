import type { RevocableToken, Revocation } from './revocation.js';

/**
 * A fast copy of the live revocations. PostgreSQL has the authoritative ones; a tracker may lose its copy at any moment and
 * must then answer `unknown`. Two implementations: Redis for replicas, in memory for the embedded service.
 */
export abstract class RevocationTracker {
  /**
   * Takes one round trip and never rejects.
   * @returns `unknown` unless the copy is known to be complete: it may have been flushed, be stale or be unreachable
   */
  abstract check(token: RevocableToken): Promise<'live' | 'revoked' | 'unknown'>;

  /** Copies committed revocations. Best effort: the copier adds within the lease what is missed here. Never rejects. */
  abstract add(revocations: readonly Revocation[]): Promise<void>;

  /** Starts copying and returns at once. */
  abstract start(): void;

  abstract stop(): Promise<void>;

  /** Whether the copy answers checks at this moment; for readiness and metrics. */
  abstract get state(): 'ready' | 'rebuilding' | 'away';
}

/**
 * The source of the copy (`RevocationRepository.live`): unexpired revocations that were created, by the database's clock, at
 * most `withinMs` ago; all of them when it is undefined.
 */
export type LiveRevocations = (withinMs?: number) => Promise<Revocation[]>;
