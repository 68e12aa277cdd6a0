import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { ProcessGroup } from '../platform/processes/process-group.service.js';
import { Clock } from '../platform/time/clock.js';
import { Chores } from './chores.service.js';

const ROUND_EVERY_MS = 10 * 60_000;
const FIRST_ROUND_AFTER_MS = 30_000;
const LONGEST_BACKOFF_MS = 6 * 60 * 60_000;

/** Pause after each statement. */
const PAUSE_MS = 50;

/**
 * Deletes rows that expired long ago, in small steps. Nothing depends on it: expired tokens are refused whether or not their
 * rows exist. Replicas may clean up at the same time, because each skips rows that another has locked; of the processes of one
 * replica only one does.
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
    private readonly processes: ProcessGroup,
  ) {}

  onApplicationBootstrap(): void {
    if (this.processes.doesChores) this.schedule(FIRST_ROUND_AFTER_MS);
  }

  /** Waits for the current statement. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** @throws errors of the database; rows deleted before stay deleted */
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

  /** A failed round is retried with increasing delays. */
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
