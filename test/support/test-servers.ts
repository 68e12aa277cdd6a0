/**
 * The servers that a test file runs on: those that TEST_DATABASE_URL and TEST_REDIS_URL name, or else servers that the
 * file starts and stops itself. Tests that kill or pause a server start their own (`PostgresServer`, `RedisServer`).
 */
import { createClient } from 'redis';
import { createDatabase, dropDatabase, PostgresServer } from './postgres-server.js';
import { RedisServer } from './redis-server.js';

/** @returns the URL of a fresh database, and a function that removes it */
export async function freshDatabase(): Promise<{ url: string; release(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    const url = await createDatabase(given);
    return { url, release: () => dropDatabase(url, given) };
  }
  const server = await PostgresServer.start();
  return { url: await server.createDatabase(), release: () => server.stop() };
}

/** @returns the URL of an empty Redis for this test alone, and a function that releases it */
export async function freshRedis(): Promise<{ url: string; release(): Promise<void> }> {
  const given = process.env.TEST_REDIS_URL;
  if (given) return { url: await emptyRedisDatabase(given), release: async () => undefined };
  const server = await RedisServer.start();
  return { url: server.url, release: () => server.stop() };
}

/** Redis has 16 numbered databases; each Jest worker, which runs one file at a time, uses the one with its number. */
async function emptyRedisDatabase(serverUrl: string): Promise<string> {
  const url = new URL(serverUrl);
  url.pathname = `/${process.env.JEST_WORKER_ID ?? '0'}`;
  const client = createClient({ url: url.href });
  client.on('error', () => undefined); // connect() rejects with it as well
  await client.connect();
  await client.flushDb();
  client.destroy();
  return url.href;
}
