import { Module } from '@nestjs/common';
import { RedisModule } from '../redis/redis.module.js';
import { FailureCounters } from './failure-counter.service.js';

/** Counters that slow down guessing. */
@Module({ imports: [RedisModule], providers: [FailureCounters], exports: [FailureCounters] })
export class LimitsModule {}
