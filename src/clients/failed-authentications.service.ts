import { Inject, Injectable, Optional } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { Config } from '../config/config.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { sourceKey } from './source-key.js';

const WINDOW_SECONDS = 60;

/** One source may try this many clients' worth of failures: a proxy has many clients behind it. */
const SOURCE_FACTOR = 10;

/**
 * Counts failed client authentications by (client, source) and by source, and refuses both for the rest of a minute once
 * there were too many (RFC 6749 §2.3.1). Never by client alone: a stranger could lock the client out. Only failures are
 * counted, so the ordinary request costs a look at this process's memory.
 */
@Injectable()
export class FailedAuthentications {
  private readonly byClient: Counter;
  private readonly bySource: Counter;
  /** By this process's monotonic clock, in milliseconds. */
  private readonly blockedUntil = new Map<string, number>();

  constructor(
    config: Config,
    @Optional() @Inject(RedisConnection) private readonly redis: RedisConnection | null,
  ) {
    const points = config.failedAuthenticationsPerMinute;
    this.byClient = counterOf('rekey:failed:client', points, redis);
    this.bySource = counterOf('rekey:failed:source', points * SOURCE_FACTOR, redis);
  }

  /** @throws OAuthError too_many_requests while this client is refused from this source, or the source altogether */
  check(clientId: string, source: string): void {
    if (this.blockedUntil.size === 0) return;
    for (const key of [clientKey(clientId, source), sourceKey(source)]) {
      const waitMs = (this.blockedUntil.get(key) ?? 0) - performance.now();
      if (waitMs > 0) throw OAuthError.tooManyRequests(Math.ceil(waitMs / 1000), 'failed_authentications');
      this.blockedUntil.delete(key);
    }
  }

  /** Counts one failure. Never rejects: a limiter that is away must not become an outage. */
  async count(clientId: string, source: string): Promise<void> {
    await Promise.all([
      this.consume(this.byClient, clientKey(clientId, source)),
      this.consume(this.bySource, sourceKey(source)),
    ]);
  }

  private async consume(counter: Counter, key: string): Promise<void> {
    const { remainingPoints, msBeforeNext } = await this.shared(counter, key).catch(() => local(counter, key));
    if (remainingPoints <= 0) this.block(key, msBeforeNext);
  }

  /** Within the deadline of the connection: on its own the client would wait for a Redis that stands still. */
  private shared({ inRedis }: Counter, key: string): Promise<RateLimiterRes> {
    if (!this.redis || !inRedis) return Promise.reject(new Error('There is no Redis'));
    return settled(this.redis.run(() => inRedis.consume(key)));
  }

  private block(key: string, forMs: number): void {
    const now = performance.now();
    for (const [other, until] of this.blockedUntil) if (until <= now) this.blockedUntil.delete(other);
    this.blockedUntil.set(key, now + forMs);
  }
}

const clientKey = (clientId: string, source: string): string => `${clientId.slice(0, 128)} ${sourceKey(source)}`;

/** One count for all replicas, and one of this process for when Redis is away. */
interface Counter {
  readonly inRedis: RateLimiterAbstract | undefined;
  readonly inProcess: RateLimiterAbstract;
}

function counterOf(keyPrefix: string, points: number, redis: RedisConnection | null): Counter {
  const limit = { keyPrefix, points, duration: WINDOW_SECONDS };
  return {
    inRedis: redis ? new RateLimiterRedis({ ...limit, storeClient: redis.client, useRedisPackage: true }) : undefined,
    inProcess: new RateLimiterMemory(limit),
  };
}

const local = ({ inProcess }: Counter, key: string): Promise<RateLimiterRes> => settled(inProcess.consume(key));

/** The library rejects with the same kind of result when the limit is exceeded. */
const settled = (consumed: Promise<RateLimiterRes>): Promise<RateLimiterRes> =>
  consumed.catch((rejected: unknown) => {
    if (rejected instanceof RateLimiterRes) return rejected;
    throw rejected;
  });
