/**
 * The live revocations in this process's memory, for the embedded service: no other process revokes anything, so one load
 * at the start makes the copy complete. Expired revocations are dropped.
 */
import type { Clock } from '../platform/time/clock.js';
import { RevocationTracker, type LiveRevocations } from './revocation-tracker.js';
import { concerns, isHitBy, type RevocableToken, type Revocation, type RevocationKind } from './revocation.js';
import type { OnTrackerEvent } from './tracker-event.js';

const PURGE_INTERVAL_MS = 60_000;
const RETRY_MS = 500;

type Held = Pick<Revocation, 'notBefore' | 'expiresAt'>;

export class MemoryRevocationTracker extends RevocationTracker {
  readonly #held = new Map<string, Held>();
  #complete = false;
  #running = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly live: LiveRevocations,
    private readonly clock: Clock,
    private readonly onEvent: OnTrackerEvent = () => undefined,
  ) {
    super();
  }

  /** Starts loading; `check` answers `unknown` until the load is done. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#load();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#complete = false;
    clearTimeout(this.#timer);
  }

  get state(): 'ready' | 'rebuilding' {
    return this.#complete ? 'ready' : 'rebuilding';
  }

  get size(): number {
    return this.#held.size;
  }

  async check(token: RevocableToken): Promise<'live' | 'revoked' | 'unknown'> {
    const hit = concerns(token).some(([kind, value]) => {
      const held = this.#held.get(keyOf(kind, value));
      return held !== undefined && isHitBy(token, held.notBefore);
    });
    if (hit) return 'revoked';
    return this.#complete ? 'live' : 'unknown';
  }

  async add(revocations: readonly Revocation[]): Promise<void> {
    if (revocations.length === 0) return;
    revocations.forEach((revocation) => this.#hold(revocation));
    const first = revocations.reduce((least, { notBefore }) => Math.min(least, notBefore), Infinity);
    this.onEvent({ type: 'added', revocations: revocations.length, lagMs: Math.max(this.clock.now() - first, 0) });
  }

  /** Never lowers a `notBefore`: the copy may be older than a revocation that was added while it was read. */
  #hold({ kind, value, notBefore, expiresAt }: Revocation): void {
    if (expiresAt <= this.clock.now()) return;
    const key = keyOf(kind, value);
    const held = this.#held.get(key);
    this.#held.set(key, {
      notBefore: Math.max(notBefore, held?.notBefore ?? 0),
      expiresAt: Math.max(expiresAt, held?.expiresAt ?? 0),
    });
  }

  async #load(): Promise<void> {
    try {
      const revocations = await this.live();
      if (!this.#running) return;
      revocations.forEach((revocation) => this.#hold(revocation));
      this.#complete = true;
      this.onEvent({ type: 'state', state: 'ready' });
      this.#later(() => this.#purge(), PURGE_INTERVAL_MS);
    } catch (error) {
      this.onEvent({ type: 'copy_failed', reason: (error as Error).message });
      this.#later(() => void this.#load(), RETRY_MS);
    }
  }

  #purge(): void {
    const now = this.clock.now();
    for (const [key, { expiresAt }] of this.#held) if (expiresAt <= now) this.#held.delete(key);
    this.#later(() => this.#purge(), PURGE_INTERVAL_MS);
  }

  #later(task: () => void, delayMs: number): void {
    if (this.#running) this.#timer = setTimeout(task, delayMs);
  }
}

/** No kind contains a NUL, so the key is unique per pair. */
const keyOf = (kind: RevocationKind, value: string): string => `${kind}\0${value}`;
