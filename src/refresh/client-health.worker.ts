import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Clock } from '../platform/time/clock.js';
import type { HealthCount, HealthPoint } from './client-health.js';
import { ClientHealthRepository } from './client-health.repository.js';

const MINUTE_MS = 60_000;
const FLUSH_EVERY_MS = 10_000;

/**
 * Counts refreshes in memory, and adds the counts to the current minute's rows every ten seconds, in one statement. A process
 * that is killed loses its last ten seconds; where the answer to a statement is lost, its counts may be added twice.
 */
@Injectable()
export class ClientHealth implements OnApplicationBootstrap, OnApplicationShutdown {
  /** In no registry: the labels of a metric must have few values. */
  counts = newCounts();
  private readonly logger = new Logger(ClientHealth.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: ClientHealthRepository,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** See `ClientHealthRepository.read`. */
  read(clientId: string, from: number, to: number, stepSeconds: number): Promise<HealthPoint[]> {
    return this.repository.read(clientId, from, to, stepSeconds);
  }

  /** Deletes at most `limit` counts from before `before` (milliseconds since the epoch). @returns how many */
  deleteBefore(before: number, limit: number): Promise<number> {
    return this.repository.deleteBefore(new Date(before), limit);
  }

  /** Writes what was counted so far. Never rejects: counts that could not be written stay for the next time. */
  async flush(): Promise<void> {
    const { counts } = this;
    this.counts = newCounts();
    const { values } = await counts.get();
    if (values.length === 0) return;
    const minute = Math.floor(this.clock.now() / MINUTE_MS) * MINUTE_MS;
    const rows = values.map(({ labels, value }) => ({ ...(labels as Labels), minute, count: value }));
    await this.repository.add(rows.sort(byKey)).catch((error: Error) => {
      this.logger.warn({ msg: 'the health of clients could not be recorded', error: error.name });
      for (const { labels, value } of values) this.counts.inc(labels, value);
    });
  }
}

type Labels = Omit<HealthCount, 'count'> & { readonly clientId: string };

const newCounts = () =>
  new Counter({
    name: 'client_health',
    help: 'Refreshes by client.',
    labelNames: ['clientId', 'outcome', 'delaySeconds'],
    registers: [],
  });

/** In one order, so that two replicas do not deadlock. */
const byKey = (a: Labels, b: Labels): number => (keyOf(a) < keyOf(b) ? -1 : 1);

const keyOf = ({ clientId, outcome, delaySeconds }: Labels): string => `${clientId}\n${outcome}\n${delaySeconds}`;
