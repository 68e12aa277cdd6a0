import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { Config } from '../config/config.js';
import { RedisConnection } from './redis-connection.js';

/** Provides the connection, or null when the service runs without Redis. */
@Module({
  imports: [ConfigModule],
  providers: [
    {
      provide: RedisConnection,
      inject: [Config],
      useFactory: ({ redisUrl }: Config): RedisConnection | null =>
        redisUrl === undefined ? null : new RedisConnection(redisUrl),
    },
  ],
  exports: [RedisConnection],
})
export class RedisModule {}
