import { Inject, Injectable, Optional } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { RedisConnection } from '../redis/redis-connection.js';

export interface FailureLimit {
  /** The counter's name, also in its Redis keys: `rekey:failed:<name>`. */
  readonly name: string;
  readonly failures: number;
  readonly windowSeconds: number;
}

/** Creates failure counters: shared by all replicas with Redis, per process without. */
@Injectable()
export class FailureCounters {
  constructor(@Optional() @Inject(RedisConnection) private readonly redis: RedisConnection | null) {}

  counter(limit: FailureLimit): FailureCounter {
    return new FailureCounter(limit, this.redis);
  }
}

/** The state after the last failure of a key. `until` is the end of its window, by this process's monotonic clock. */
interface Seen {
  readonly remaining: number;
  readonly until: number;
}

/**
 * Counts failures by key, and blocks a key for the rest of its window after too many. Only failures are counted, so a success
 * costs one lookup in memory.
 */
export class FailureCounter {
  private readonly inRedis: RateLimiterAbstract | undefined;
  /** Used without Redis, or while it is away. */
  private readonly inProcess: RateLimiterAbstract;
  /** Keys that failed recently, roughly by expiry. */
  private readonly seen = new Map<string, Seen>();
  private readonly failures: number;

  constructor(
    { name, failures, windowSeconds }: FailureLimit,
    private readonly redis: RedisConnection | null,
  ) {
    const limit = { keyPrefix: `rekey:failed:${name}`, points: failures, duration: windowSeconds };
    if (redis) this.inRedis = new RateLimiterRedis({ ...limit, storeClient: redis.client, useRedisPackage: true });
    this.inProcess = new RateLimiterMemory(limit);
    this.failures = failures;
  }

  /** @returns how long this key is blocked; 0 if it is not */
  waitSeconds(key: string): number {
    const now = performance.now();
    const seen = this.seenOf(key, now);
    return seen?.remaining === 0 ? Math.ceil((seen.until - now) / 1000) : 0;
  }

  /** @returns how many failures this key has left, as of its last failure in this process; other replicas may have counted more */
  remaining(key: string): number {
    return this.seenOf(key, performance.now())?.remaining ?? this.failures;
  }

  /** Counts one failure. Never rejects: a limiter that is away must not become an outage. @returns how many there are now */
  async count(key: string): Promise<number> {
    const { remainingPoints, msBeforeNext, consumedPoints } = await this.shared(key).catch(() =>
      settled(this.inProcess.consume(key)),
    );
    this.remember(key, Math.max(0, remainingPoints), msBeforeNext);
    return consumedPoints;
  }

  /** Within the connection's deadline: the client itself would wait for a Redis that does not answer. */
  private shared(key: string): Promise<RateLimiterRes> {
    const { redis, inRedis } = this;
    if (!redis || !inRedis) return Promise.reject(new Error('There is no Redis'));
    return settled(redis.run(() => inRedis.consume(key)));
  }

  private seenOf(key: string, now: number): Seen | undefined {
    const seen = this.seen.get(key);
    if (!seen || seen.until > now) return seen;
    this.seen.delete(key);
    return undefined;
  }

  private remember(key: string, remaining: number, forMs: number): void {
    const now = performance.now();
    this.forgetEnded(now);
    // A block lasts until its end, even if Redis goes away and this process starts counting from zero.
    if (this.seenOf(key, now)?.remaining !== 0) this.seen.set(key, { remaining, until: now + forMs });
  }

  /** Only those in front, so that a failure does not scan all keys. */
  private forgetEnded(now: number): void {
    for (const [key, { until }] of this.seen) {
      if (until > now) return;
      this.seen.delete(key);
    }
  }
}

/** The library rejects with the same kind of result when the limit is exceeded. */
const settled = (consumed: Promise<RateLimiterRes>): Promise<RateLimiterRes> =>
  consumed.catch((rejected: unknown) => {
    if (rejected instanceof RateLimiterRes) return rejected;
    throw rejected;
  });
