/**
 * Combines requests that arrive together into few statements. No timer: a batch starts once one of `maxInFlight` places is free
 * and no further entry arrives, so a single request does not wait, and batches grow with load.
 */
import { isRefusal, isUnavailable } from './database-errors.js';
import { retryTransient } from './retry-transient.js';

export interface CoalescerOptions<Entry, Result> {
  /** Returns results in the order of the entries. */
  readonly run: (entries: readonly Entry[]) => Promise<readonly Result[]>;
  readonly maxEntries: number;
  readonly maxInFlight: number;
  /** Entries with the same lane never share a batch, nor run at the same time. */
  readonly laneOf?: (entry: Entry) => string;
  readonly onBatch?: (size: number) => void;
}

interface Waiting<Entry, Result> {
  readonly entry: Entry;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** From this size on, the fixed cost of a statement per entry is negligible, and its entries have waited for some milliseconds. */
const LARGE_ENOUGH = 24;

export class Coalescer<Entry, Result> {
  private queue: Waiting<Entry, Result>[] = [];
  private inFlight = 0;
  private scheduled = false;
  private readonly busyLanes = new Set<string>();

  constructor(private readonly options: CoalescerOptions<Entry, Result>) {}

  /** @throws the rejection of `run` for this entry */
  submit(entry: Entry): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.queue.push({ entry, resolve, reject });
      this.schedule();
    });
  }

  /**
   * A batch starts at the end of the first turn of the event loop that adds no entry, or once it is large enough. An idle process
   * starts it at once. On a busy one this makes batches large: otherwise statements would start as fast as PostgreSQL answers,
   * with two or three entries each.
   */
  private schedule(): void {
    if (this.scheduled || this.inFlight >= this.options.maxInFlight) return;
    this.scheduled = true;
    this.afterThisTurn(this.queue.length);
  }

  private afterThisTurn(queued: number): void {
    setImmediate(() => {
      const grew = this.queue.length > queued;
      if (grew && this.queue.length < LARGE_ENOUGH) return this.afterThisTurn(this.queue.length);
      this.scheduled = false;
      this.dispatch();
    });
  }

  private dispatch(): void {
    while (this.inFlight < this.options.maxInFlight) {
      const batch = this.take();
      if (batch.length === 0) return;
      this.inFlight += 1;
      this.options.onBatch?.(batch.length);
      void this.settle(batch).finally(() => {
        this.inFlight -= 1;
        if (this.options.laneOf) for (const { entry } of batch) this.busyLanes.delete(this.options.laneOf(entry));
        if (this.queue.length > 0) this.schedule();
      });
    }
  }

  private take(): Waiting<Entry, Result>[] {
    const { laneOf, maxEntries } = this.options;
    if (!laneOf) return this.queue.splice(0, maxEntries);
    const batch: Waiting<Entry, Result>[] = [];
    const rest: Waiting<Entry, Result>[] = [];
    for (const waiting of this.queue) {
      const lane = laneOf(waiting.entry);
      if (batch.length >= maxEntries || this.busyLanes.has(lane)) {
        rest.push(waiting);
      } else {
        this.busyLanes.add(lane);
        batch.push(waiting);
      }
    }
    this.queue = rest;
    return batch;
  }

  /** @returns the error if the database is away */
  private async settle(batch: Waiting<Entry, Result>[]): Promise<unknown> {
    try {
      const results = await retryTransient(() => this.options.run(batch.map(({ entry }) => entry)));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
      return undefined;
    } catch (error) {
      if (batch.length > 1 && isRefusal(error)) return this.settleOneByOne(batch);
      batch.forEach(({ reject }) => reject(error));
      if (!isUnavailable(error)) return undefined;
      this.failQueue(error);
      return error;
    }
  }

  /** Nothing was committed, and one entry must not fail the others: runs each separately, as long as the database is available. */
  private async settleOneByOne(batch: Waiting<Entry, Result>[]): Promise<unknown> {
    for (const [index, waiting] of batch.entries()) {
      const away = await this.settle([waiting]);
      if (away === undefined) continue;
      batch.slice(index + 1).forEach(({ reject }) => reject(away));
      return away;
    }
    return undefined;
  }

  /** Fails the waiting entries too, because the database is away. */
  private failQueue(error: unknown): void {
    for (const { reject } of this.queue.splice(0)) reject(error);
  }
}
