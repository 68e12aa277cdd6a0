/**
 * The copy of the live revocations in Redis, shared by all replicas. It answers from Redis only while the copy is known to
 * be complete, and `unknown` otherwise:
 * - once a second its loop takes part in copying (`redis-revocation-copier.ts`) and learns which master it talks to;
 * - `check` must find that master's marker beside the token's keys, on the connection that the loop has verified. So the
 *   first check after a flush, restart or failover notices it;
 * - an error or a missed deadline opens the circuit: `check` answers `unknown` without asking Redis until the loop succeeds.
 *
 * A revocation whose key could not be set is remembered, and this replica does not trust Redis again until it is set. Other
 * replicas accept the token at most until the lease ends: a copy renews the marker for two seconds from its own start, so a
 * copy that renews it later than that began after the commit and contains the revocation.
 */
import type { RedisConnection } from '../platform/redis/redis-connection.js';
import type { Clock } from '../platform/time/clock.js';
import { RedisRevocationCopier } from './redis-revocation-copier.js';
import { RedisRevocationCopy } from './redis-revocation-copy.js';
import { RevocationTracker, type LiveRevocations } from './revocation-tracker.js';
import type { RevocableToken, Revocation } from './revocation.js';
import type { OnTrackerEvent } from './tracker-event.js';

const INTERVAL_MS = 1000;
/** Interval of the loop while Redis is not trusted. An attempt is one small command, or a refused connection. */
const IMPATIENT_INTERVAL_MS = 250;
/** Beyond this number the oldest are left to the copier: after an outage of that length the marker has expired anyway. */
const MAX_MISSED = 10_000;

export class RedisRevocationTracker extends RevocationTracker {
  readonly #copy: RedisRevocationCopy;
  readonly #copier: RedisRevocationCopier;
  #state: RevocationTracker['state'] | undefined;
  /** The master, and the connection on which the loop reached it. */
  #verified: { readonly master: string; readonly epoch: number } | undefined;
  #missed: Revocation[] = [];
  #running = false;
  #passing = false;
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: RedisConnection,
    live: LiveRevocations,
    private readonly clock: Clock,
    private readonly onEvent: OnTrackerEvent = () => undefined,
  ) {
    super();
    this.#copy = new RedisRevocationCopy(connection, clock);
    this.#copier = new RedisRevocationCopier(this.#copy, live, clock, onEvent);
  }

  /** Starts the loop and returns at once. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule(0);
  }

  /** Ends the loop after the current pass. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#verified = undefined;
    clearTimeout(this.#timer);
    await this.#tick;
    this.#become('away', 'stopped');
  }

  get state(): RevocationTracker['state'] {
    return this.#state ?? 'away';
  }

  async check(token: RevocableToken): Promise<'live' | 'revoked' | 'unknown'> {
    const verified = this.#verified;
    if (verified === undefined) return 'unknown';
    if (verified.epoch !== this.connection.epoch) return this.#doubt('connected anew');
    try {
      const { hit, marker } = await this.#copy.look(token);
      if (hit) return 'revoked'; // true even if the copy is incomplete
      if (this.#verified !== verified) return 'unknown'; // the circuit opened meanwhile
      return marker === verified.master ? 'live' : this.#doubt('no marker');
    } catch (error) {
      this.#trip(error as Error);
      return 'unknown';
    }
  }

  async add(revocations: readonly Revocation[]): Promise<void> {
    if (revocations.length === 0) return;
    try {
      await this.#copy.raise(revocations);
      const first = revocations.reduce((least, { notBefore }) => Math.min(least, notBefore), Infinity);
      this.onEvent({ type: 'added', revocations: revocations.length, lagMs: Math.max(this.clock.now() - first, 0) });
    } catch (error) {
      this.#miss(revocations);
      this.#trip(error as Error);
      this.onEvent({ type: 'add_failed', revocations: revocations.length, reason: (error as Error).message });
    }
  }

  #schedule(delayMs: number): void {
    if (!this.#running || this.#passing) return; // the current pass schedules the next one
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#passing = true;
      this.#tick = this.#pass();
    }, delayMs);
  }

  async #pass(): Promise<void> {
    const startedAt = performance.now();
    const { epoch } = this.connection;
    try {
      await this.#setMissed();
      const { master, complete } = await this.#copier.pass();
      // This pass does not repair a command that failed while it ran.
      if (this.#running && this.#missed.length === 0 && this.connection.epoch === epoch) {
        if (this.#verified?.master !== master || this.#verified.epoch !== epoch) this.#verified = { master, epoch };
        this.#become(complete ? 'ready' : 'rebuilding');
      }
    } catch (error) {
      this.#trip(error as Error);
    }
    this.#passing = false;
    this.#schedule(
      this.#state === 'ready' ? Math.max(INTERVAL_MS - (performance.now() - startedAt), 0) : IMPATIENT_INTERVAL_MS,
    );
  }

  async #setMissed(): Promise<void> {
    const missed = this.#missed;
    this.#missed = [];
    try {
      await this.#copy.raise(missed);
    } catch (error) {
      this.#miss(missed);
      throw error;
    }
  }

  #miss(revocations: readonly Revocation[]): void {
    this.#missed = [...this.#missed, ...revocations].slice(-MAX_MISSED);
  }

  /** Redis answers, but its copy may be incomplete: the loop checks at once. */
  #doubt(reason: string): 'unknown' {
    if (this.#state === 'ready') {
      this.#become('rebuilding', reason);
      this.#schedule(0);
    }
    return 'unknown';
  }

  #trip(error: Error): void {
    this.#verified = undefined;
    this.#become('away', error.message);
  }

  #become(state: RevocationTracker['state'], reason?: string): void {
    if (state === this.#state) return;
    this.#state = state;
    this.onEvent({ type: 'state', state, ...(reason !== undefined && { reason }) });
  }
}
