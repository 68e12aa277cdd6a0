/** The connection to a Redis that starts, stops, hangs and falls silent. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { Test } from '@nestjs/testing';
import { Config } from '../../src/platform/config/config.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { RedisAwayError, RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { RedisModule } from '../../src/platform/redis/redis.module.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { Road } from '../support/road.js';
import { freePort } from '../support/server-process.js';

const RUNS = 1000;

describe('RedisConnection', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  const said: string[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    const write = (message: unknown) => void said.push(String(message));
    Logger.overrideLogger({ log: write, warn: write, error: write });
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await server.stop();
  });
  beforeEach(() => {
    said.length = 0;
  });
  afterEach(() => connection.close());

  /** A short deadline is only for tests that miss it; others must not miss it on a busy machine. */
  async function connected({ url = server.url, deadlineMs = 2000 } = {}) {
    connection = new RedisConnection(url, deadlineMs);
    connection.open();
    await eventually(() => expect(connection.isReady).toBe(true));
  }

  const ping = () => connection.run((client) => client.ping());

  it('the connection starts without a Redis at once, logs it once, and connects when there is one', async () => {
    await server.kill();
    connection = new RedisConnection(server.url);
    let retries = 0;
    connection.client.on('reconnecting', () => retries++);
    void connection.onModuleInit();
    await expect(ping()).rejects.toThrow(RedisAwayError);
    await eventually(() => expect(retries).toBeGreaterThan(3));
    expect(said).toEqual(['Redis is away: ECONNREFUSED']);
    await server.restart();
    const startedAt = performance.now();
    await eventually(() => expect(connection.isReady).toBe(true));
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(said).toEqual(['Redis is away: ECONNREFUSED', 'Redis is back']);
    expect(await ping()).toBe('PONG');
  });

  it('[291] while Redis is away commands fail at once, and none is queued', async () => {
    await connected();
    await server.kill();
    await eventually(() => expect(connection.isReady).toBe(false));
    const results = await Promise.allSettled(Array.from({ length: RUNS }, () => connection.run((c) => c.incr('kept'))));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    await server.restart();
    await eventually(() => expect(connection.isReady).toBe(true));
    expect(await connection.run((client) => client.get('kept'))).toBeNull();
  });

  it('[290] a server that hangs fails every command within its deadline, then commands fail at once, then it recovers', async () => {
    await connected({ deadlineMs: 250 });
    const firstEpoch = connection.epoch;
    server.pause();
    const startedAt = performance.now();
    const results = await Promise.allSettled(Array.from({ length: RUNS }, ping));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await expect(ping()).rejects.toThrow('not connected');
    server.resume();
    await eventually(async () => expect(await ping()).toBe('PONG'), 5000);
    expect(connection.epoch).toBeGreaterThan(firstEpoch);
    expect(said).toEqual(['Redis is away: Redis did not answer within 250 ms', 'Redis is back']);
  });

  it('[290] a half-open connection is replaced, even if it is idle', async () => {
    const road = await Road.to(server.port);
    try {
      await connected({ url: road.url });
      road.silence();
      await eventually(() => expect(said).toEqual([expect.stringContaining('Redis is away'), 'Redis is back']), 5000);
      expect(await ping()).toBe('PONG');
    } finally {
      connection.close();
      road.close();
    }
  });

  it('an answer that arrived while this process was busy is not taken for a missing one', async () => {
    await connected({ deadlineMs: 250 });
    const answer = ping();
    await new Promise(setImmediate); // the command is on its way
    const until = performance.now() + 400;
    while (performance.now() < until);
    expect(await answer).toBe('PONG');
    expect(said).toEqual([]);
  });

  it('a rejection passes through unchanged: limiters reject with something that is not an Error', async () => {
    await connected();
    const limiter = new RateLimiterRedis({
      storeClient: connection.client,
      useRedisPackage: true,
      points: 1,
      duration: 1,
    });
    await connection.run(() => limiter.consume('somebody'));
    await expect(connection.run(() => limiter.consume('somebody'))).rejects.toBeInstanceOf(RateLimiterRes);
  });

  it('a command that Redis refuses fails with that error, and the connection stays', async () => {
    await connected();
    const { epoch } = connection;
    await expect(connection.run((client) => client.sendCommand(['NO-SUCH-COMMAND']))).rejects.toThrow(
      'unknown command',
    );
    expect(await ping()).toBe('PONG');
    expect(connection.epoch).toBe(epoch);
  });

  it('a demoted master is disconnected, because the address may lead to another one by now', async () => {
    await connected();
    const { epoch } = connection;
    await connection.run((client) => client.sendCommand(['REPLICAOF', '127.0.0.1', '1']));
    await expect(connection.run((client) => client.set('key', 'value'))).rejects.toThrow('READONLY');
    await eventually(() => expect(connection.epoch).toBeGreaterThan(epoch));
    await eventually(() => connection.run((client) => client.sendCommand(['REPLICAOF', 'NO', 'ONE'])));
  });

  it('close takes effect at once and for good, even during a connection attempt', async () => {
    const road = await Road.to(server.port);
    connection = new RedisConnection(road.url);
    connection.open();
    connection.onApplicationShutdown();
    await expect(ping()).rejects.toThrow(RedisAwayError);
    await eventually(() => expect(road.travelled).toBe(1));
    // node-redis finishes the attempt under way, and would keep its connection until that falls silent after 2 s.
    await eventually(() => expect(road.openEnds).toBe(0), 1500);
    expect(connection.isReady).toBe(false);
    expect(said).toEqual([]);
    road.close();
  });

  it('close fails the commands that wait for a hanging server', async () => {
    await connected();
    server.pause();
    const waiting = ping();
    connection.onApplicationShutdown();
    await expect(waiting).rejects.toThrow();
    server.resume();
  });
});

describe('RedisModule', () => {
  const started = async (redisUrl: string | undefined) => {
    const config = new Config({ ...loadConfig({}), redisUrl });
    const module = await Test.createTestingModule({ imports: [RedisModule] })
      .overrideProvider(Config)
      .useValue(config)
      .compile();
    return module.init();
  };

  it('without REDIS_URL there is no connection', async () => {
    const app = await started(undefined);
    expect(app.get<RedisConnection | null>(RedisConnection)).toBeNull();
    await app.close();
  });

  it('the module starts and stops with a REDIS_URL where nothing listens', async () => {
    const app = await started(`redis://127.0.0.1:${await freePort()}`);
    expect(app.get<RedisConnection>(RedisConnection).isReady).toBe(false);
    await app.close();
  });
});
