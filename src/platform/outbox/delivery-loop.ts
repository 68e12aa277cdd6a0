/**
 * Delivers what an outbox table holds, in the background: no request waits for it, and all replicas share the work. An entry is
 * leased before it is delivered; if the process dies, another one takes it over when the lease ends.
 */

/** Interval for retries, and for entries left behind by a process that died. A commit wakes its own process at once. */
const LOOK_EVERY_MS = 5000;

export interface Outbox<T> {
  /** How many deliveries may be under way. */
  readonly maxUnderWay: number;
  /** @param busy the lanes of the deliveries under way @returns the due entries that this process may deliver now */
  lease(limit: number, busy: readonly string[]): Promise<readonly T[]>;
  /** Rejects only if the outcome could not be stored; the entry is leased again when its lease ends. */
  deliver(entry: T): Promise<void>;
  /** Entries that go to the same place, so that `lease` can limit them together. */
  laneOf(entry: T): string;
  /** The entries could not be read, or an outcome could not be stored. */
  onError(error: Error, during: 'lease' | 'delivery'): void;
}

export class DeliveryLoop<T> {
  /** The deliveries under way, and their lanes. */
  private readonly underWay = new Map<Promise<void>, string>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private turn: Promise<unknown> = Promise.resolve();
  private nextTurn: Promise<boolean> | undefined;

  constructor(private readonly outbox: Outbox<T>) {}

  start(): void {
    this.timer = setInterval(() => this.wake(), LOOK_EVERY_MS).unref();
  }

  /** Waits for the deliveries under way; the rest is left to other replicas or the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.turn;
    await Promise.all(this.underWay.keys());
  }

  /** Looks for due entries now. Returns at once and never throws. */
  wake(): void {
    this.takeUp().catch((error: Error) => this.outbox.onError(error, 'lease'));
  }

  /** Delivers all due entries and waits for them. @throws errors of the database */
  async run(): Promise<void> {
    while (await this.takeUp()) await Promise.all(this.underWay.keys());
  }

  /** Runs one `take` at a time; calls that come while one is queued share it. @returns whether there may be more: see `take` */
  private takeUp(): Promise<boolean> {
    this.nextTurn ??= this.turn.then(() => {
      this.nextTurn = undefined;
      const taken = this.take();
      this.turn = taken.catch(() => undefined);
      return taken;
    });
    return this.nextTurn;
  }

  /** @returns false if nothing is due; true if entries were leased, or skipped because their lanes were busy */
  private async take(): Promise<boolean> {
    let more = false;
    while (!this.stopped) {
      const room = this.outbox.maxUnderWay - this.underWay.size;
      if (room <= 0) return true;
      const busy = [...new Set(this.underWay.values())];
      const leased = await this.outbox.lease(room, busy);
      more ||= busy.length > 0 || leased.length > 0;
      if (leased.length === 0) break;
      for (const entry of leased) this.begin(entry);
    }
    return more;
  }

  private begin(entry: T): void {
    const delivery = this.outbox
      .deliver(entry)
      .catch((error: Error) => this.outbox.onError(error, 'delivery'))
      .finally(() => {
        this.underWay.delete(delivery);
        if (!this.stopped) this.wake();
      });
    this.underWay.set(delivery, this.outbox.laneOf(entry));
  }
}
