import { Module } from '@nestjs/common';
import { RedisModule } from '../redis/redis.module.js';
import { FailureCounters } from './failure-counter.service.js';

/** What slows down those who guess: failures, counted by whatever their caller names. */
@Module({ imports: [RedisModule], providers: [FailureCounters], exports: [FailureCounters] })
export class LimitsModule {}
