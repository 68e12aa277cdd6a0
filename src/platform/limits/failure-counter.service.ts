import { Inject, Injectable, Optional } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { RedisConnection } from '../redis/redis-connection.js';

export interface FailureLimit {
  /** Of the counter, in Redis too: `rekey:failed:<name>`. */
  readonly name: string;
  readonly failures: number;
  readonly windowSeconds: number;
}

/** Makes counters of failures: one count for all replicas where there is Redis, one of this process otherwise. */
@Injectable()
export class FailureCounters {
  constructor(@Optional() @Inject(RedisConnection) private readonly redis: RedisConnection | null) {}

  counter(limit: FailureLimit): FailureCounter {
    return new FailureCounter(limit, this.redis);
  }
}

/** What the last failure of a key told. `until` is the end of its window, by this process's monotonic clock. */
interface Seen {
  readonly remaining: number;
  readonly until: number;
}

/**
 * Counts failures by key, and refuses a key for the rest of its window once there were too many. Only failures are
 * counted, so a success costs one look at this process's memory.
 */
export class FailureCounter {
  private readonly inRedis: RateLimiterAbstract | undefined;
  /** For when there is no Redis, or it is away. */
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

  /** @returns how long this key is refused; 0 where it is not */
  waitSeconds(key: string): number {
    const now = performance.now();
    const seen = this.seenOf(key, now);
    return seen?.remaining === 0 ? Math.ceil((seen.until - now) / 1000) : 0;
  }

  /** @returns how many failures this key has left, as of its last one here: other replicas may have seen more since */
  remaining(key: string): number {
    return this.seenOf(key, performance.now())?.remaining ?? this.failures;
  }

  /** Counts one failure. Never rejects: a limiter that is away must not become an outage. */
  async count(key: string): Promise<void> {
    const { remainingPoints, msBeforeNext } = await this.shared(key).catch(() => settled(this.inProcess.consume(key)));
    this.remember(key, Math.max(0, remainingPoints), msBeforeNext);
  }

  /** Within the deadline of the connection: on its own the client would wait for a Redis that stands still. */
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
    // A refusal stands until its end, also when Redis goes away meanwhile, and the process begins to count at nothing.
    if (this.seenOf(key, now)?.remaining !== 0) this.seen.set(key, { remaining, until: now + forMs });
  }

  /** Only those in front: each failure would look through all keys otherwise. */
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
