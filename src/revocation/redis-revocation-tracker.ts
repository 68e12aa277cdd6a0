/**
 * The live revocations as Redis holds them, shared by all replicas. It answers from Redis only what Redis is known to be
 * complete for, and `unknown` otherwise:
 * - its loop, once a second, takes part in copying (`redis-revocation-copier.ts`) and learns which master it talks to;
 * - a check must find that master's marker beside the token's keys, on the connection that the loop has verified. So a
 *   flush, a restart and a failover are noticed by the first check;
 * - an error or a missed deadline opens the circuit: checks are `unknown`, without asking Redis, until the loop succeeds.
 *
 * A revocation whose key could not be set is remembered, and this replica does not trust Redis again before it is set.
 * The other replicas accept the token at most until the lease ends: the marker is only renewed, and only for two seconds
 * from the start of the copy, by a copy that began after the commit and so contains it.
 */
import type { RedisConnection } from '../platform/redis/redis-connection.js';
import type { Clock } from '../platform/time/clock.js';
import { RedisRevocationCopier } from './redis-revocation-copier.js';
import { RedisRevocationCopy } from './redis-revocation-copy.js';
import { RevocationTracker, type LiveRevocations } from './revocation-tracker.js';
import type { RevocableToken, Revocation } from './revocation.js';
import type { OnTrackerEvent } from './tracker-event.js';

const INTERVAL_MS = 1000;
/** While checks are not answered from Redis, to come back soon. Costs one refused or tiny command. */
const IMPATIENT_INTERVAL_MS = 250;
/** After so many, the oldest are left to the copier: an outage of that length has ended the marker everywhere. */
const MAX_MISSED = 10_000;

export class RedisRevocationTracker extends RevocationTracker {
  readonly #copy: RedisRevocationCopy;
  readonly #copier: RedisRevocationCopier;
  #state: RevocationTracker['state'] | undefined;
  /** The master, and the connection on which the loop has met it. */
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

  /** Begins the loop; waits for nothing. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule(0);
  }

  /** Ends the loop, after the pass that is under way. */
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

  /** When this replica last copied with success, in milliseconds since the epoch, for metrics. */
  get copiedAt(): number | undefined {
    return this.#copier.copiedAt;
  }

  async check(token: RevocableToken): Promise<'live' | 'revoked' | 'unknown'> {
    const verified = this.#verified;
    if (verified === undefined) return 'unknown';
    if (verified.epoch !== this.connection.epoch) return this.#doubt('connected anew');
    try {
      const { hit, marker } = await this.#copy.look(token);
      if (hit) return 'revoked'; // a fact, whether or not the copy is complete
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
    if (!this.#running || this.#passing) return; // a pass that is under way schedules the next
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
      // What failed while this pass ran is not put right by it.
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

  /** Redis answers, but not completely: the loop is to look at once. */
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
