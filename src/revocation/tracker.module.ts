import { Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigModule } from '../platform/config/config.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { RedisConnection } from '../platform/redis/redis-connection.js';
import { RedisModule } from '../platform/redis/redis.module.js';
import { Clock } from '../platform/time/clock.js';
import { TimeModule } from '../platform/time/time.module.js';
import { MemoryRevocationTracker } from './memory-revocation-tracker.js';
import { RedisRevocationTracker } from './redis-revocation-tracker.js';
import { RevocationEntity } from './revocation.entity.js';
import { RevocationRepository } from './revocation.repository.js';
import type { OnTrackerEvent } from './tracker-event.js';
import { RevocationTracker } from './revocation-tracker.js';

/** Turns tracker events into log lines and metrics. */
export function reporting(metrics: Metrics): OnTrackerEvent {
  const logger = new Logger('RevocationTracker');
  return (event) => {
    if (event.type === 'added') metrics.revocationLagSeconds.observe(event.lagMs / 1000);
    if (event.type === 'copied') metrics.revocationsRestored.inc(event.repaired);
    if (event.type === 'state') logger.log({ msg: 'tracker state', state: event.state, reason: event.reason });
    if (event.type === 'add_failed' || event.type === 'copy_failed') {
      metrics.trackerFailures.inc();
      logger.warn({ msg: 'tracker copy failed', reason: event.reason });
    }
  };
}

/** The revocation repository, and the tracker of this deployment: Redis or in memory. */
@Module({
  imports: [ConfigModule, TimeModule, RedisModule, MetricsModule, TypeOrmModule.forFeature([RevocationEntity])],
  providers: [
    RevocationRepository,
    {
      provide: RevocationTracker,
      inject: [RevocationRepository, Clock, Metrics, RedisConnection],
      useFactory: (store: RevocationRepository, clock: Clock, metrics: Metrics, redis: RedisConnection | null) => {
        const live = (withinMs?: number) => store.live(withinMs);
        const report = reporting(metrics);
        return redis
          ? new RedisRevocationTracker(redis, live, clock, report)
          : new MemoryRevocationTracker(live, clock, report);
      },
    },
  ],
  exports: [RevocationRepository, RevocationTracker],
})
export class TrackerModule implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly tracker: RevocationTracker) {}

  onModuleInit(): void {
    this.tracker.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.tracker.stop();
  }
}
