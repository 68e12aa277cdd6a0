import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { FamiliesService } from '../refresh/families.service.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { Clock } from '../time/clock.js';

const DAY_MS = 86_400_000;
const ROUND_EVERY_MS = 10 * 60_000;
const FIRST_ROUND_AFTER_MS = 30_000;
const LONGEST_BACKOFF_MS = 6 * 60 * 60_000;

/** Rows a statement looks at, and the rest it takes after each: nobody else waits for cleanup. */
const STEP_ROWS = 1000;
const PAUSE_MS = 50;

interface Chore {
  readonly table: 'token_families' | 'revocations' | 'audit_events';
  /** One bounded statement; returns how many rows it deleted, and whether there may be more. */
  readonly step: (now: number) => Promise<{ deleted: number; more: boolean }>;
}

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
    private readonly families: FamiliesService,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly config: Config,
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
    for (const { table, step } of this.chores()) {
      for (let more = true; more && !this.stopped;) {
        const done = await step(this.clock.now());
        this.metrics.cleanedUp.inc({ table }, done.deleted);
        more = done.more;
        if (more) await pause();
      }
    }
  }

  private chores(): Chore[] {
    const { familyRetentionDays, auditRetentionDays } = this.config;
    let cursor: string | undefined;
    return [
      {
        table: 'token_families',
        step: async (now) => {
          const { deleted, last } = await this.families.deleteDead(
            now - familyRetentionDays * DAY_MS,
            cursor,
            STEP_ROWS,
          );
          cursor = last;
          return { deleted, more: last !== undefined };
        },
      },
      { table: 'revocations', step: (now) => whole(this.revocations.deleteExpired(now, STEP_ROWS)) },
      {
        table: 'audit_events',
        step: (now) => whole(this.audit.deleteBefore(now - auditRetentionDays * DAY_MS, STEP_ROWS)),
      },
    ];
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

const whole = async (deleted: Promise<number>) => ({ deleted: await deleted, more: (await deleted) >= STEP_ROWS });

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
