import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisModule } from '../redis/redis.module.js';
import { Clock } from '../time/clock.js';
import { TimeModule } from '../time/time.module.js';
import { MemoryRevocationTracker } from './memory-revocation-tracker.js';
import { RedisRevocationTracker } from './redis-revocation-tracker.js';
import { RevocationStore } from './revocation.store.js';
import { RevocationTracker } from './revocation-tracker.js';

/** The truth about revocations, and the fast copy of it that this deployment has. */
@Module({
  imports: [ConfigModule, TimeModule, RedisModule],
  providers: [
    RevocationStore,
    {
      provide: RevocationTracker,
      inject: [RevocationStore, Clock, RedisConnection],
      useFactory: (store: RevocationStore, clock: Clock, redis: RedisConnection | null) => {
        const live = (withinMs?: number) => store.live(withinMs);
        return redis ? new RedisRevocationTracker(redis, live, clock) : new MemoryRevocationTracker(live, clock);
      },
    },
  ],
  exports: [RevocationStore, RevocationTracker],
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
