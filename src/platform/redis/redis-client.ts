/**
 * The set-up of node-redis. Only this file knows the kind of deployment: Sentinel or Cluster would need `createSentinel` or
 * `createCluster` here, chosen by the URL; all keys of a command share a hash tag already.
 */
import { createClient } from 'redis';

const CONNECT_TIMEOUT_MS = 1000;
/** A connection without traffic for this long is closed. This also bounds the handshake, which has no other limit. */
const SILENCE_MS = 2000;
/** Often enough to keep an idle connection below SILENCE_MS. */
const PING_INTERVAL_MS = 700;
const MAX_RECONNECT_DELAY_MS = 1000;

export type RedisClient = ReturnType<typeof createRedisClient>;

/** @returns a client that is not connected yet and has no `error` listener: see `RedisConnection` */
export function createRedisClient(url: string) {
  return createClient({
    url,
    // The offline queue would be unbounded, and its answers would come too late.
    disableOfflineQueue: true,
    // node-redis ends this timeout when the command is written, so it does not help against a server that hangs, and it costs
    // 10 µs per command. `RedisConnection.run` has its own deadline; 0 turns this one off.
    commandOptions: { timeout: 0 },
    pingInterval: PING_INTERVAL_MS,
    // Maintenance notifications of Redis Enterprise extend the timeouts to ten seconds.
    maintNotifications: 'disabled',
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS, reconnectStrategy: reconnectDelayMs },
  });
}

/** Retries forever. Half of the delay is random, so that replicas do not reconnect at the same time. */
function reconnectDelayMs(retries: number): number {
  const longest = Math.min(25 * 2 ** Math.min(retries, 10), MAX_RECONNECT_DELAY_MS);
  return Math.round(longest * (0.5 + Math.random() / 2));
}
