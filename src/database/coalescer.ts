/**
 * Turns many small requests that arrive together into few statements. No timer: a batch leaves as soon as one of
 * `maxInFlight` places is free, so a lonely request waits for nobody, and under load the batches grow by themselves.
 */
import { isRefusal, isTransient, isUnavailable } from './database-errors.js';

export interface CoalescerOptions<Entry, Result> {
  /** Answers in the order of the entries. */
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

const MAX_ATTEMPTS = 4;

export class Coalescer<Entry, Result> {
  private queue: Waiting<Entry, Result>[] = [];
  private inFlight = 0;
  private scheduled = false;
  private readonly busyLanes = new Set<string>();

  constructor(private readonly options: CoalescerOptions<Entry, Result>) {}

  /** @throws whatever `run` rejects with, for this entry alone */
  submit(entry: Entry): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.queue.push({ entry, resolve, reject });
      this.schedule();
    });
  }

  /** Leaves once everything that this turn of the event loop has read from its sockets is in the queue. */
  private schedule(): void {
    if (this.scheduled || this.inFlight >= this.options.maxInFlight) return;
    this.scheduled = true;
    setImmediate(() => {
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

  private async settle(batch: Waiting<Entry, Result>[]): Promise<void> {
    try {
      const results = await this.attempt(batch.map(({ entry }) => entry));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      if (batch.length > 1 && isRefusal(error)) {
        // Nothing was committed, and one entry must not fail its neighbours: each on its own.
        for (const waiting of batch) await this.settle([waiting]);
        return;
      }
      batch.forEach(({ reject }) => reject(error));
      if (isUnavailable(error)) this.failQueue(error);
    }
  }

  /** What waits behind a database that is away would wait for the same answer. */
  private failQueue(error: unknown): void {
    for (const { reject } of this.queue.splice(0)) reject(error);
  }

  private async attempt(entries: readonly Entry[], attempt = 1): Promise<readonly Result[]> {
    try {
      return await this.options.run(entries);
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isTransient(error)) throw error;
      return this.attempt(entries, attempt + 1);
    }
  }
}
