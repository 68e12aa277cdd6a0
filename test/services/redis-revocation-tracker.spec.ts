/** The tracker on a real Redis: the contract, and the loss of the copy at any moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { RedisRevocationTracker } from '../../src/revocation/redis-revocation-tracker.js';
import { markerKey, revokedKey, turnKey } from '../../src/revocation/revocation-keys.js';
import type { LiveRevocations } from '../../src/revocation/revocation-tracker.js';
import type { RevocableToken } from '../../src/revocation/revocation.js';
import type { TrackerEvent } from '../../src/revocation/tracker-event.js';
import { systemClock, type Clock } from '../../src/platform/time/clock.js';
import { revocationTrackerContract } from '../repositories/revocation-tracker.contract.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { Road } from '../support/road.js';
import { freePort } from '../support/server-process.js';
import { RevocationTruth, tokensAndRevocations } from '../support/revocation-truth.js';
import { TestClock } from '../support/test-clock.js';

const LEASE_MS = 2000;
/** Between the answer of Redis and its processing here, because this process may wait for a core. */
const SLACK_MS = 100;
const HOUR_MS = 3_600_000;

let server: RedisServer;
let operator: ReturnType<typeof createClient>;
const watches: AbortController[] = [];
let replicas: { tracker: RedisRevocationTracker; connection: RedisConnection; events: TrackerEvent[] }[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await RedisServer.start();
});
afterAll(() => server.stop());

beforeEach(async () => {
  operator = createClient({ url: server.url });
  operator.on('error', () => undefined); // some tests stop the server
  await operator.connect();
  await operator.flushAll();
});
afterEach(async () => {
  watches.splice(0).forEach((watch) => watch.abort());
  operator.destroy();
  for (const { tracker, connection } of replicas) {
    await tracker.stop();
    connection.close();
  }
  replicas = [];
});

/** A short deadline is only for tests that miss it; others must not miss it on a busy machine. */
interface ReplicaOptions {
  readonly clock?: Clock;
  readonly url?: string;
  readonly deadlineMs?: number;
}

/** One replica of the service: a connection with a tracker. */
async function aReplica(
  live: LiveRevocations,
  { clock = systemClock, url = server.url, deadlineMs = 2000 }: ReplicaOptions = {},
) {
  const connection = new RedisConnection(url, deadlineMs);
  connection.open();
  await eventually(() => expect(connection.isReady).toBe(true));
  const events: TrackerEvent[] = [];
  const tracker = new RedisRevocationTracker(connection, live, clock, (event) => events.push(event));
  const replica = { tracker, connection, events };
  replicas.push(replica);
  return replica;
}

async function aReadyReplica(live: LiveRevocations, options?: ReplicaOptions) {
  const replica = await aReplica(live, options);
  replica.tracker.start();
  await eventually(() => expect(replica.tracker.state).toBe('ready'));
  return replica;
}

revocationTrackerContract('the tracker in Redis', async (live, clock) => (await aReplica(live, { clock })).tracker);

describe('the tracker in Redis', () => {
  const clock = systemClock;
  let truth: RevocationTruth;
  let mothers: ReturnType<typeof tokensAndRevocations>;

  beforeEach(() => {
    truth = new RevocationTruth(clock);
    mothers = tokensAndRevocations(clock);
  });

  const expectVerdict = (tracker: RedisRevocationTracker, token: RevocableToken, verdict: string) =>
    eventually(async () => expect(await tracker.check(token)).toBe(verdict));

  /** Checks continuously from now on. */
  function watch(tracker: RedisRevocationTracker, token: RevocableToken) {
    const since = performance.now();
    const answers: { askedMs: number; verdict: string }[] = [];
    const stopped = new AbortController();
    watches.push(stopped);
    const asking = (async () => {
      while (!stopped.signal.aborted) {
        const askedMs = performance.now() - since;
        answers.push({ askedMs, verdict: await tracker.check(token) });
        await sleep(5);
      }
    })();
    return async (): Promise<number> => {
      stopped.abort();
      await asking;
      return Math.max(...answers.filter(({ verdict }) => verdict === 'live').map(({ askedMs }) => askedMs), 0);
    };
  }

  /** Expects that until the revocation is known, the token is live for at most this long, and unknown after that. */
  async function expectLiveFor(atMostMs: number, tracker: RedisRevocationTracker, token: RevocableToken) {
    const liveMs = watch(tracker, token);
    await expectVerdict(tracker, token, 'revoked');
    expect(await liveMs()).toBeLessThanOrEqual(atMostMs);
  }

  describe('between replicas', () => {
    it('[164] a revocation added on one replica is seen by the other at once', async () => {
      const one = await aReadyReplica(truth.live);
      const other = await aReadyReplica(truth.live);
      expect(await other.tracker.check(mothers.aToken())).toBe('live');
      await one.tracker.add([mothers.aRevocation()]);
      expect(await other.tracker.check(mothers.aToken())).toBe('revoked');
    });

    it('a revocation whose writer could not reach Redis is honoured everywhere within the lease', async () => {
      const { tracker, events } = await aReadyReplica(truth.live);
      expect(await tracker.check(mothers.aToken())).toBe('live');
      truth.commit(mothers.aRevocation());
      await expectLiveFor(LEASE_MS + SLACK_MS, tracker, mothers.aToken());
      expect(events).toContainEqual(expect.objectContaining({ type: 'copied', repaired: 1, revocations: 1 }));
    });

    it('the lease counts from the start of a copy, however long PostgreSQL takes', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      await new Promise<void>((resolve) => {
        // A copy that read before the commit writes its rows 1.5 s later, and no other copy follows.
        truth.onRead = async () => {
          truth.onRead = () => Promise.reject(new Error('the database is away'));
          resolve();
          await sleep(1500);
        };
      });
      truth.commit(mothers.aRevocation());
      const honest = expectLiveFor(LEASE_MS + SLACK_MS, tracker, mothers.aToken());
      await sleep(2 * LEASE_MS);
      truth.onRead = async () => undefined;
      await honest;
    });

    it('a copy that fails ends the lease: the tracker answers unknown, and never live after that', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      truth.failing = true;
      truth.commit(mothers.aRevocation());
      const honest = expectLiveFor(LEASE_MS + SLACK_MS, tracker, mothers.aToken());
      await expectVerdict(tracker, mothers.aToken({ familyId: 'family-2' }), 'unknown');
      expect(tracker.state).toBe('rebuilding');
      truth.failing = false;
      await honest;
    });

    it('a replica that cannot reach PostgreSQL uses what another one copies', async () => {
      const cutOff = new RevocationTruth(clock);
      cutOff.failing = true;
      const blind = await aReplica(cutOff.live);
      blind.tracker.start();
      await eventually(() => expect(blind.events).toContainEqual(expect.objectContaining({ type: 'copy_failed' })));
      expect(await blind.tracker.check(mothers.aToken())).toBe('unknown');
      await aReadyReplica(truth.live);
      await expectVerdict(blind.tracker, mothers.aToken(), 'live');
      truth.commit(mothers.aRevocation());
      await expectVerdict(blind.tracker, mothers.aToken(), 'revoked');
    });

    it('one replica has the turn to copy, and the others do not query PostgreSQL', async () => {
      const info = await operator.info('server');
      await operator.set(turnKey, 'somebody else', { PX: 60_000 });
      await operator.set(markerKey, /run_id:(\w+)/.exec(info)?.[1] ?? '', { PX: 60_000 });
      const { tracker } = await aReadyReplica(truth.live);
      expect(await tracker.check(mothers.aToken())).toBe('live');
      expect(truth.reads).toEqual([]);
    });

    it('after its first copy a replica reads only a trailing window, which is wider than the lease', async () => {
      await aReadyReplica(truth.live);
      await eventually(() => expect(truth.reads.length).toBeGreaterThan(2));
      expect(truth.reads[0]).toBeUndefined();
      expect(truth.reads.slice(1).every((withinMs) => Number(withinMs) >= 60_000 + LEASE_MS)).toBe(true);
    });

    it('a transaction that committed later than any window is copied in the end', async () => {
      const testClock = new TestClock(clock.now());
      const { tracker } = await aReadyReplica(truth.live, { clock: testClock });
      truth.commitLate(10 * 60_000, mothers.aRevocation());
      await eventually(() => expect(truth.reads.length).toBeGreaterThan(2));
      expect(await tracker.check(mothers.aToken())).toBe('live'); // otherwise the test would prove nothing
      testClock.advance(5 * 60_000);
      await expectVerdict(tracker, mothers.aToken(), 'revoked');
    });
  });

  describe('when Redis forgets', () => {
    it('after a flush of Redis the tracker answers unknown at once, and is repaired when PostgreSQL is readable', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      const revocation = mothers.aRevocation();
      truth.commitLate(3_000_000, revocation);
      await tracker.add([revocation]);
      truth.failing = true;
      await operator.flushAll();
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      expect(tracker.state).toBe('rebuilding');
      truth.failing = false;
      await expectLiveFor(0, tracker, mothers.aToken());
      expect(await tracker.check(mothers.aToken({ familyId: 'family-2' }))).toBe('live');
    });

    it('a flush during a copy prevents the renewal of the marker', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      const revocation = mothers.aRevocation();
      truth.commitLate(3_000_000, revocation); // outside any window
      await tracker.add([revocation]);
      const flushed = new Promise<void>((resolve) => {
        truth.onRead = async () => {
          truth.onRead = async () => undefined;
          await operator.flushAll();
          resolve();
        };
      });
      await flushed;
      await expectLiveFor(0, tracker, mothers.aToken());
    });

    it('after a restart of Redis the tracker never answers live before it is repaired', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      const revocation = mothers.aRevocation();
      truth.commitLate(3_000_000, revocation);
      await tracker.add([revocation]);
      const liveMs = watch(tracker, mothers.aToken());
      await server.restart();
      await expectVerdict(tracker, mothers.aToken({ familyId: 'family-2' }), 'live');
      expect(await tracker.check(mothers.aToken())).toBe('revoked');
      expect(await liveMs()).toBe(0);
    });

    it('after a failover that lost a key the tracker never answers live before it is repaired', async () => {
      const successor = await RedisServer.start({ replicaof: `127.0.0.1 ${server.port}` });
      const promoted = createClient({ url: successor.url });
      promoted.on('error', () => undefined);
      await promoted.connect();
      const road = await Road.to(server.port);
      try {
        const { tracker, connection } = await aReadyReplica(truth.live, { url: road.url });
        await eventually(async () => expect(await promoted.exists(markerKey)).toBe(1));
        await promoted.sendCommand(['REPLICAOF', 'NO', 'ONE']);
        await promoted.persist(markerKey); // so that the old master's marker does not just expire
        const revocation = mothers.aRevocation();
        truth.commitLate(3_000_000, revocation); // outside any window
        await tracker.add([revocation]);
        expect(await tracker.check(mothers.aToken())).toBe('revoked');
        const { epoch } = connection;
        road.leadTo(successor.port);
        await eventually(() => expect(connection.epoch > epoch && connection.isReady).toBe(true));
        await expectLiveFor(0, tracker, mothers.aToken());
        await expectVerdict(tracker, mothers.aToken({ familyId: 'family-2' }), 'live');
      } finally {
        promoted.destroy();
        road.close();
        await successor.stop();
      }
    });

    it('a marker of another master does not count here', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      truth.failing = true;
      await operator.set(markerKey, 'the-master-before-the-failover', { PX: 60_000 });
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      truth.failing = false;
      await expectVerdict(tracker, mothers.aToken(), 'live');
      expect(truth.reads.filter((withinMs) => withinMs === undefined).length).toBeGreaterThan(1);
    });
  });

  describe('when Redis is away', () => {
    it('with Redis killed the tracker answers unknown at once; revocations made meanwhile are set before Redis is trusted again', async () => {
      const { tracker, events } = await aReadyReplica(truth.live);
      await server.kill();
      const startedAt = performance.now();
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      await tracker.add([mothers.aRevocation()]); // which the copier does not get from PostgreSQL
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      expect(performance.now() - startedAt).toBeLessThan(1000);
      expect(tracker.state).toBe('away');
      expect(events).toContainEqual(expect.objectContaining({ type: 'add_failed', revocations: 1 }));
      const honest = expectLiveFor(0, tracker, mothers.aToken());
      await server.restart();
      await honest;
    });

    it.each([
      ['SIGSTOP', async () => server.pause(), async () => server.resume()],
      ['CLIENT PAUSE', () => operator.sendCommand(['CLIENT', 'PAUSE', '3000', 'ALL']), async () => undefined],
    ])(
      '[290] with Redis paused by %s, a check is unknown well within a second, and nothing hangs or queues up',
      async (_how, pause, resume) => {
        const { tracker } = await aReadyReplica(truth.live, { deadlineMs: 250 });
        truth.commit(mothers.aRevocation());
        await expectVerdict(tracker, mothers.aToken(), 'revoked');
        await pause();
        const startedAt = performance.now();
        const verdicts = await Promise.all(Array.from({ length: 200 }, () => tracker.check(mothers.aToken())));
        expect(new Set(verdicts)).toEqual(new Set(['unknown']));
        await tracker.add([mothers.aRevocation({ value: 'family-2' })]);
        expect(await tracker.check(mothers.aToken({ familyId: 'family-2' }))).toBe('unknown');
        expect(performance.now() - startedAt).toBeLessThan(1000);
        expect(tracker.state).toBe('away');
        await resume();
        await expectVerdict(tracker, mothers.aToken({ familyId: 'family-2' }), 'revoked');
        await expectVerdict(tracker, mothers.aToken({ familyId: 'family-3' }), 'live');
      },
    );

    it('without Redis from the start the tracker answers unknown, and uses it once it is there', async () => {
      await server.kill();
      const connection = new RedisConnection(server.url);
      connection.open();
      const tracker = new RedisRevocationTracker(connection, truth.live, clock);
      replicas.push({ tracker, connection, events: [] });
      tracker.start();
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      await sleep(300);
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      expect(truth.reads).toEqual([]);
      await server.restart();
      await expectVerdict(tracker, mothers.aToken(), 'live');
    });
  });

  describe('in its memory', () => {
    it('[173] an entry lives as long as its revocation, and nothing shortens it', async () => {
      const { tracker } = await aReadyReplica(truth.live);
      const now = clock.now();
      const key = revokedKey('family', 'family-1');
      await tracker.add([mothers.aRevocation({ notBefore: now, expiresAt: now + HOUR_MS })]);
      expect(await operator.pTTL(key)).toBeGreaterThan(HOUR_MS - 60_000);
      expect(await operator.pTTL(key)).toBeLessThanOrEqual(HOUR_MS);
      await tracker.add([
        mothers.aRevocation({ notBefore: now - 1, expiresAt: now + 60_000 }),
        mothers.aRevocation({ notBefore: now + 1, expiresAt: now + 60_000 }),
      ]);
      expect(await operator.pTTL(key)).toBeGreaterThan(HOUR_MS - 60_000);
      await tracker.add([mothers.aRevocation({ notBefore: now - 1, expiresAt: now + 2 * HOUR_MS })]);
      expect(await operator.pTTL(key)).toBeGreaterThan(HOUR_MS);
      expect(await operator.get(key)).toBe(String(now + 1));
    });

    it('[173] when Redis is out of memory, the write fails with an error, and a revoked token is not live', async () => {
      const { tracker, events } = await aReadyReplica(truth.live);
      const other = await aReadyReplica(truth.live);
      await operator.configSet('maxmemory', '1mb');
      try {
        truth.commit(mothers.aRevocation());
        const honest = expectLiveFor(LEASE_MS + SLACK_MS, other.tracker, mothers.aToken());
        await tracker.add([mothers.aRevocation()]);
        expect(events).toContainEqual(
          expect.objectContaining({ type: 'add_failed', reason: expect.stringContaining('OOM') }),
        );
        expect(await tracker.check(mothers.aToken())).toBe('unknown');
        await eventually(() => expect(other.tracker.state).toBe('away'));
        await expectVerdict(other.tracker, mothers.aToken(), 'unknown');
        await operator.configSet('maxmemory', '0');
        await honest;
      } finally {
        await operator.configSet('maxmemory', '0');
      }
    });

    it('[173] a Redis that evicts keys is not trusted, and the tracker logs why', async () => {
      await operator.configSet({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
      try {
        const { tracker, events } = await aReplica(truth.live);
        tracker.start();
        const reason = expect.stringContaining('maxmemory-policy');
        await eventually(() => expect(events).toEqual([{ type: 'state', state: 'away', reason }]));
        expect(await tracker.check(mothers.aToken())).toBe('unknown');
        await operator.configSet('maxmemory-policy', 'noeviction');
        await expectVerdict(tracker, mothers.aToken(), 'live');
      } finally {
        await operator.configSet({ maxmemory: '0', 'maxmemory-policy': 'noeviction' });
      }
    });

    it('a large copy is written in chunks: checks are answered meanwhile, and then it is complete', async () => {
      const many = Array.from({ length: 20_000 }, (_, i) => mothers.aRevocation({ value: `family-${i}` }));
      truth.commitLate(3_000_000, ...many);
      const { tracker, events } = await aReadyReplica(truth.live);
      expect(await tracker.check(mothers.aToken({ familyId: 'family-19999' }))).toBe('revoked');
      expect(await operator.exists(many.map(({ value }) => revokedKey('family', value)))).toBe(20_000);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'copied', extent: 'all', revocations: 20_000, repaired: 20_000 }),
      );
      expect(events.filter(({ type }) => type === 'state')).toEqual([{ type: 'state', state: 'ready' }]);
    });
  });
});

describe('the tracker on Redis Cluster', () => {
  let node: RedisServer;
  beforeAll(async () => {
    // By default its cluster bus port is 10,000 above, in the range of outgoing ports.
    node = await RedisServer.start({ 'cluster-enabled': 'yes', 'cluster-port': String(await freePort()) });
  });
  afterAll(() => node.stop());

  it('all keys are in one slot, so every command is allowed on Redis Cluster', async () => {
    const clock = systemClock;
    const truth = new RevocationTruth(clock);
    const { aToken, aRevocation } = tokensAndRevocations(clock);
    const client = createClient({ url: node.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
    const keys = [markerKey, turnKey, revokedKey('all', ''), revokedKey('subject', 'a}{b'), revokedKey('token', 'jti')];
    const slots = await Promise.all(keys.map((key) => client.clusterKeySlot(key)));
    expect(new Set(slots).size).toBe(1);

    await eventually(async () => expect(await client.clusterInfo()).toContain('cluster_state:ok'));
    const { tracker } = await aReadyReplica(truth.live, { url: node.url });
    await tracker.add([aRevocation(), aRevocation({ kind: 'subject', value: 'user-2' })]);
    expect(await tracker.check(aToken())).toBe('revoked');
    expect(await tracker.check(aToken({ familyId: 'family-2' }))).toBe('live');
    client.destroy();
  });
});
