/**
 * One pass of copying revocations from PostgreSQL to Redis, by the replica that has the turn. Only a complete pass renews
 * the marker. It copies
 * - everything, when there is no marker, when the marker names another master (restart, failover), and every
 *   EVERYTHING_EVERY_MS, which repairs what a window misses: a transaction that committed minutes after it wrote its row, a
 *   deleted key;
 * - otherwise the rows of the last WINDOW_MS plus one lease. The marker proves that the last copy began at most one lease
 *   ago, so the window contains every row that was committed within WINDOW_MS after it was written.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../platform/time/clock.js';
import { LEASE_MS, type RedisRevocationCopy, type Turn } from './redis-revocation-copy.js';
import type { LiveRevocations } from './revocation-tracker.js';
import type { Revocation } from './revocation.js';
import type { OnTrackerEvent } from './tracker-event.js';

const WINDOW_MS = 60_000;
const EVERYTHING_EVERY_MS = 300_000;
/** A copy that took longer than the lease needs another round for the time that it took. After this many, PostgreSQL is too slow. */
const MAX_ROUNDS = 3;

/** The Redis master, and whether its marker says that its copy is complete. */
export interface Standing {
  readonly master: string;
  readonly complete: boolean;
}

export class RedisRevocationCopier {
  #everythingAt = -Infinity;

  constructor(
    private readonly copy: RedisRevocationCopy,
    private readonly live: LiveRevocations,
    private readonly clock: Clock,
    private readonly onEvent: OnTrackerEvent,
  ) {}

  /** Rejects when Redis fails. When PostgreSQL fails, the marker is left to expire, or to a replica that reaches both. */
  async pass(): Promise<Standing> {
    const pass = randomUUID();
    const turn = await this.copy.takeTurn(pass);
    const found = { master: turn.master, complete: turn.marker !== '' && turn.marker === turn.master };
    if (turn.master === '') throw new Error('Redis does not tell its run_id, so a restart could not be noticed');
    if (turn.evicts) throw new Error('Redis evicts keys: set its maxmemory-policy to noeviction');
    if (!turn.taken) return found;
    try {
      return { ...found, complete: await this.#copy(pass, turn, found.complete) };
    } catch (error) {
      await this.copy.release(pass).catch(() => undefined); // the turn expires by itself
      if (!(error instanceof SourceError)) throw error;
      this.onEvent({ type: 'copy_failed', reason: error.message });
      return found;
    }
  }

  /** @returns whether the marker was renewed */
  async #copy(pass: string, turn: Turn, complete: boolean): Promise<boolean> {
    const startedAt = this.clock.now();
    const everything = !complete || startedAt - this.#everythingAt >= EVERYTHING_EVERY_MS;
    let withinMs = everything ? undefined : WINDOW_MS + LEASE_MS;
    let { beganAt } = turn;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await this.#copyWithin(pass, withinMs);
      const { outcome, now } = await this.copy.renew(pass, turn.master, beganAt);
      if (outcome === 'lost') return false;
      if (outcome === 'renewed') {
        if (everything) this.#everythingAt = startedAt;
        return true;
      }
      withinMs = WINDOW_MS + (now - beganAt);
      beganAt = now;
    }
    return false;
  }

  async #copyWithin(pass: string, withinMs: number | undefined): Promise<void> {
    const revocations = await this.#read(withinMs);
    const { repaired, oldest } = await this.copy.raiseInTurn(pass, revocations);
    this.onEvent({
      type: 'copied',
      extent: withinMs === undefined ? 'all' : 'window',
      revocations: revocations.length,
      repaired,
      lagMs: oldest === undefined ? 0 : Math.max(this.clock.now() - oldest, 0),
    });
  }

  async #read(withinMs: number | undefined): Promise<readonly Revocation[]> {
    try {
      return await this.live(withinMs);
    } catch (error) {
      throw new SourceError((error as Error).message);
    }
  }
}

/** Marks an error of PostgreSQL, as opposed to Redis. */
class SourceError extends Error {}
