/**
 * How node-redis is set up here. The one place that knows the kind of deployment: Sentinel or Cluster would be
 * `createSentinel` or `createCluster` here, chosen by the URL; all keys of a command share a hash tag already.
 */
import { createClient } from 'redis';

const CONNECT_TIMEOUT_MS = 1000;
/** A connection on which nothing moves for this long is given up; it also bounds the handshake, which has no other limit. */
const SILENCE_MS = 2000;
/** Often enough that a connection without traffic is not taken for a silent one. */
const PING_INTERVAL_MS = 700;
const MAX_RECONNECT_DELAY_MS = 1000;

export type RedisClient = ReturnType<typeof createRedisClient>;

/** @returns a client that is not connected yet, and has no `error` listener: see `RedisConnection` */
export function createRedisClient(url: string) {
  return createClient({
    url,
    // A command has an answer now or none: a queue for later would be unbounded, and every answer in it too late.
    disableOfflineQueue: true,
    // node-redis ends this timeout when the command is written, so it never catches a server that stands still, and it
    // costs 10 µs a command. The deadline in `RedisConnection.run` covers both; 0 turns this one off.
    commandOptions: { timeout: 0 },
    pingInterval: PING_INTERVAL_MS,
    // Redis Enterprise's announcements stretch the timeouts to ten seconds.
    maintNotifications: 'disabled',
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, reconnectStrategy: reconnectDelayMs },
  });
}

/** Never gives up. Half of the delay is random, so that replicas do not come back in step. */
function reconnectDelayMs(retries: number): number {
  const longest = Math.min(25 * 2 ** Math.min(retries, 10), MAX_RECONNECT_DELAY_MS);
  return Math.round(longest * (0.5 + Math.random() / 2));
}
