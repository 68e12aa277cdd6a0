import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import { Chores } from './chores.service.js';

const ROUND_EVERY_MS = 10 * 60_000;
const FIRST_ROUND_AFTER_MS = 30_000;
const LONGEST_BACKOFF_MS = 6 * 60 * 60_000;

/** The rest that it takes after each statement. */
const PAUSE_MS = 50;

/**
 * Deletes what is long dead, a little at a time. Nothing depends on it: what has expired is refused whether its row is there
 * or not. Replicas may clean at once, for each skips what another holds.
 */
@Injectable()
export class CleanupWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CleanupWorker.name);
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private failures = 0;
  private round: Promise<void> = Promise.resolve();

  constructor(
    private readonly chores: Chores,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(FIRST_ROUND_AFTER_MS);
  }

  /** Ends after the statement that is under way. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** @throws whatever the database says; what was deleted before that stays deleted */
  async clean(): Promise<void> {
    for (const { table, step } of this.chores.round()) {
      for (let more = true; more && !this.stopped;) {
        const done = await step(this.clock.now());
        this.metrics.cleanedUp.inc({ table }, done.deleted);
        more = done.more;
        if (more) await pause();
      }
    }
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.round = this.attempt();
    }, delayMs).unref();
  }

  /** A round that fails is tried again later and later, never at once. */
  private async attempt(): Promise<void> {
    try {
      await this.clean();
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      this.metrics.cleanupFailures.inc();
      this.logger.warn({ msg: 'cleanup failed', error: (error as Error).name });
    }
    this.schedule(Math.min(LONGEST_BACKOFF_MS, ROUND_EVERY_MS * 2 ** this.failures));
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
