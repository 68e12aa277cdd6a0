/** Redis is flushed, frozen, killed and restarted: every answer stays right and fast. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { revokedKey } from '../../src/revocation/revocation-keys.js';
import { timed, type Timed } from '../support/availability.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { beginFamilies, beginFamily, registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, revoke, send } from '../support/requests.js';

/** Longer than one missed deadline of Redis and one statement in PostgreSQL, on a busy machine. */
const SOON_MS = 1000;

let deployment: Deployment;
let rekey: RekeyProcess;
/** A client with JWT access tokens; the other one has opaque ones. */
let client: TestClient;
let opaque: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
  client = await registerClient(rekey);
  opaque = await registerClient(rekey, { access_token_format: 'opaque' });
});
afterAll(() => deployment.stop());

interface Session {
  readonly client: TestClient;
  readonly familyId: string;
  readonly refreshToken: string;
  readonly accessToken: string;
}

async function session(of: TestClient): Promise<Session> {
  const { familyId, refreshToken } = await beginFamily(rekey, of);
  const { body } = await refresh(rekey, of, refreshToken);
  return { client: of, familyId, refreshToken: body.refresh_token, accessToken: body.access_token };
}

/** A valid access token of each format. */
const sessions = async (): Promise<Session[]> => [await session(client), await session(opaque)];

async function trackerState(): Promise<string> {
  const { body } = await send(`${rekey.url}/health/ready`);
  return (body.details ?? body.info).revocation_tracker.state as string;
}

const trackerReady = () => eventually(async () => expect(await trackerState()).toBe('ready'));

async function expectActive({ client: of, accessToken }: Session, isActive: boolean): Promise<void> {
  const { answer, ms } = await timed(() => introspect(rekey, of, accessToken));
  expect([answer.status, answer.body.active]).toEqual([200, isActive]);
  expect(ms).toBeLessThan(SOON_MS);
}

async function expectRevoke({ client: of, refreshToken }: Session): Promise<void> {
  const { answer, ms } = await timed(() => revoke(rekey, of, refreshToken));
  expect(answer.status).toBe(200);
  expect(ms).toBeLessThan(SOON_MS);
}

/** A session from start to end, while Redis is impaired. */
async function expectRightAnswers(): Promise<void> {
  for (const alive of await sessions()) {
    await expectActive(alive, true);
    await expectRevoke(alive);
    await expectActive(alive, false);
    expect((await refresh(rekey, alive.client, alive.refreshToken)).body.error).toBe('invalid_grant');
  }
}

describe('Redis is flushed', () => {
  it('after a flush of Redis, revoked tokens stay revoked and valid tokens stay valid', async () => {
    const [revoked, alive] = [await sessions(), await sessions()];
    for (const each of revoked) await expectRevoke(each);
    for (let round = 0; round < 10; round++) {
      await trackerReady();
      await deployment.redisCommand('FLUSHALL');
      for (const each of revoked) await expectActive(each, false);
      for (const each of alive) await expectActive(each, true);
    }
  });
});

describe('Redis is away', () => {
  it('[166] with Redis away, a revocation succeeds and takes effect at once; the copy is repaired when Redis is back', async () => {
    const dead = await sessions();
    await trackerReady();
    await deployment.redis.kill();
    for (const each of dead) {
      await expectRevoke(each);
      await expectActive(each, false);
    }
    await expectRightAnswers();
    await deployment.redis.restart();
    await trackerReady();
    const keys = dead.map(({ familyId }) => revokedKey('family', familyId));
    expect(await deployment.redisCommand('EXISTS', ...keys)).toBe(keys.length);
    for (const each of dead) await expectActive(each, false);
  });

  it('[290] Redis killed and restarted is used again within five seconds, by the same process', async () => {
    for (let round = 0; round < 3; round++) {
      await trackerReady();
      await deployment.redis.kill();
      await expectRightAnswers();
      await deployment.redis.restart();
      const backAt = performance.now();
      await trackerReady();
      expect(performance.now() - backAt).toBeLessThan(5000);
    }
    expect(rekey.isRunning).toBe(true);
  });
});

describe.each([
  {
    fault: 'is paused by its operator',
    pause: () => deployment.redisCommand('CLIENT', 'PAUSE', '30000', 'ALL'),
    // Only time or a restart ends this pause: CLIENT UNPAUSE would be paused as well.
    resume: () => deployment.redis.restart(),
  },
  {
    fault: 'hangs',
    pause: async () => deployment.redis.pause(),
    resume: async () => deployment.redis.resume(),
  },
])('Redis $fault', ({ pause, resume }) => {
  it('[290] every answer is right and takes less than a second; Redis is used again within five', async () => {
    const [revoked, alive] = [await sessions(), await sessions()];
    for (const each of revoked) await expectRevoke(each);
    await trackerReady();
    await pause();
    try {
      // The first requests still trust Redis.
      await Promise.all([
        ...revoked.map((each) => expectActive(each, false)),
        ...alive.map((each) => expectActive(each, true)),
      ]);
      await expectRightAnswers();
    } finally {
      await resume();
    }
    const resumedAt = performance.now();
    await trackerReady();
    expect(performance.now() - resumedAt).toBeLessThan(5000);
    for (const each of revoked) await expectActive(each, false);
    for (const each of alive) await expectActive(each, true);
  });

  it('[290] a wrong secret is refused within a second as well, and counted', async () => {
    const target = await registerClient(rekey);
    await trackerReady();
    await pause();
    try {
      const answers: Timed[] = [];
      for (let attempt = 0; attempt < 55; attempt++) {
        answers.push(await timed(() => introspect(rekey, { ...target, secret: 'wrong' }, 'x')));
      }
      answers.forEach(({ ms }) => expect(ms).toBeLessThan(SOON_MS));
      expect(answers.map(({ answer }) => answer.status).slice(0, 40)).toEqual(new Array(40).fill(401));
      expect(answers.at(-1)!.answer.status).toBe(429);
    } finally {
      await resume();
    }
  });
});

describe('Redis is away under load', () => {
  it('[291] with Redis away under load, memory stays flat, and every request is answered within a second', async () => {
    const families = await beginFamilies(rekey, client, 16);
    const tokens = families.map(({ refreshToken }) => refreshToken);
    await trackerReady();
    await deployment.redis.kill();
    try {
      await load(tokens, 3000);
      const growth: number[] = [];
      for (let window = 0; window < 2; window += 1) {
        const before = rekey.residentBytes;
        const { requests, wrong, slowestMs } = await load(tokens, 6000);
        growth.push(rekey.residentBytes - before);
        expect(wrong).toEqual([]);
        expect(slowestMs).toBeLessThan(SOON_MS);
        expect(requests).toBeGreaterThan(500);
      }
      // A leak grows in each window, the heap without a leak only in some.
      expect(Math.min(...growth)).toBeLessThan(50 * 2 ** 20);
    } finally {
      await deployment.redis.restart();
    }
    await trackerReady();
  });

  /** Some hundreds of requests a second that all use Redis. Updates the sessions' current tokens. */
  async function load(refreshTokens: string[], forMs: number) {
    const until = performance.now() + forMs;
    const found = { requests: 0, wrong: [] as string[], slowestMs: 0 };
    const note = ({ answer, ms }: Timed, isRight: boolean) => {
      found.requests++;
      found.slowestMs = Math.max(found.slowestMs, ms);
      if (!isRight) found.wrong.push(`${answer.status} ${answer.text}`);
      return answer;
    };
    const check = async (accessToken: string, isActive: boolean) => {
      const checked = await timed(() => introspect(rekey, client, accessToken));
      note(checked, checked.answer.body.active === isActive);
    };
    await Promise.all(
      refreshTokens.map(async (_, index) => {
        while (performance.now() < until) {
          const refreshed = await timed(() => refresh(rekey, client, refreshTokens[index]!));
          const { body } = note(refreshed, refreshed.answer.status === 200);
          refreshTokens[index] = body.refresh_token;
          for (let look = 0; look < 5; look++) await check(body.access_token, true);
          const revoked = await timed(() => revoke(rekey, client, body.access_token));
          note(revoked, revoked.answer.status === 200);
          await check(body.access_token, false);
        }
      }),
    );
    return found;
  }
});
