/** Two replicas on one PostgreSQL and one Redis behave like one. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { createClient } from 'redis';
import { admin } from '../support/admin.js';
import { auditOfFamily } from '../support/audit-trail.js';
import { confidentialClient, startFamily, type TestClient, type TestFamily } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { expectNoneLive, expectOneLive, familyRow } from '../support/family-state.js';
import { goRefresh } from '../support/go-client.js';
import { Replicas } from '../support/replicas.js';
import { introspect, refresh, revoke, type Answer } from '../support/requests.js';
import { Authorization, authorize, aUser, signInAndExchange, webClient } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';
import type { TestClock } from '../support/test-clock.js';
import { Visitor } from '../support/visitor.js';

let replicas: Replicas;
let clock: TestClock;
let a: TestApp;
let b: TestApp;
let client: TestClient;

beforeAll(async () => {
  replicas = await Replicas.prepare();
  ({ clock } = replicas);
  a = await replicas.start();
  b = await replicas.start();
  client = await confidentialClient(a);
}, 60_000);
afterAll(async () => {
  await Promise.all([a, b].map((app) => app.close()));
  await replicas.release();
}, 60_000);
afterEach(() => expect([...serverErrors(a), ...serverErrors(b)]).toEqual([]));

const onBoth = <T>(count: number, request: (app: TestApp, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => request(index % 2 ? b : a, index)));

const activeOn = async (app: TestApp, accessToken: string): Promise<boolean> =>
  (await introspect(app, client, accessToken)).body.active as boolean;

/** Expects that on both replicas all of these, and all refresh tokens of the family, are inactive. */
async function expectAllDead(familyId: string, answers: Answer[]): Promise<void> {
  for (const app of [a, b]) {
    for (const { body } of answers) if (body.access_token) expect(await activeOn(app, body.access_token)).toBe(false);
    await expectNoneLive(app, client, familyId);
  }
}

describe('the same token on both replicas at once', () => {
  it('a refresh token of another server that both replicas adopt at once gets one successor', async () => {
    const caller = await admin(a);
    for (let round = 0; round < 5; round++) {
      const refresh_token = `legacy-${round}`;
      const family = { client_id: client.clientId, subject: 'u1', scope: 'a b', refresh_token };
      const { body } = await caller.post('/families', family);
      const answers = await onBoth(50, (app) => refresh(app, client, refresh_token));
      expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
      expect(new Set(answers.map((answer) => answer.body.refresh_token)).size).toBe(1);
      expect((await familyRow(a, body.family_id as string)).generation).toBe(1);
    }
  });

  it('[133] fifty identical refreshes on both replicas get one successor, and one token is valid', async () => {
    for (let round = 0; round < 5; round++) {
      const { refreshToken, familyId } = await startFamily(a, client);
      const answers = await onBoth(50, (app) => refresh(app, client, refreshToken));
      expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
      expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(new Set(answers.map(({ body }) => decodeJwt(body.access_token).jti)).size).toBe(1);
      expect((await familyRow(a, familyId)).generation).toBe(1);
      await expectOneLive(b, client, familyId);
    }
  });

  it('[133] of refreshes on both replicas one is recorded as a rotation, and the rest as retries', async () => {
    const { refreshToken, familyId } = await startFamily(a, client);
    await onBoth(20, (app) => refresh(app, client, refreshToken));
    const events = (await auditOfFamily(a, familyId)).map(({ event }) => event);
    expect(events.toSorted()).toEqual([
      'family.started',
      ...Array<string>(19).fill('refresh.retried'),
      'refresh.rotated',
    ]);
  });

  it('[134] with a grace period of 0 exactly one of them wins, and the family stays valid', async () => {
    const strict = await confidentialClient(a, { retryWindowSeconds: 0 });
    for (let round = 0; round < 5; round++) {
      const { refreshToken, familyId } = await startFamily(a, strict);
      const answers = await onBoth(30, (app) => refresh(app, strict, refreshToken));
      const winners = answers.filter(({ status }) => status === 200);
      expect(winners).toHaveLength(1);
      for (const answer of answers) if (answer !== winners[0]) expectError(answer, 400, 'invalid_grant');
      expect((await refresh(b, strict, winners[0]!.body.refresh_token)).status).toBe(200);
      await expectOneLive(a, strict, familyId);
    }
  });

  it('many families, each on both replicas: every family advances by one, and none gets another’s tokens', async () => {
    const families = await Promise.all(
      Array.from({ length: 40 }, (_, index) => startFamily(a, client, { subject: `subject-${index}` })),
    );
    const answers = await onBoth(400, (app, index) => refresh(app, client, families[(index >> 1) % 40]!.refreshToken));
    answers.forEach(({ status, body }, index) => {
      const { subject, familyId } = families[(index >> 1) % 40]!;
      expect(status).toBe(200);
      expect(decodeJwt(body.access_token)).toMatchObject({ sub: subject, family_id: familyId });
    });
    for (const { familyId } of families) expect((await familyRow(a, familyId)).generation).toBe(1);
  });
});

describe('a refresh on one replica and a revocation on the other', () => {
  it('[135] a refresh on one replica and a revocation on the other leave no valid token on either, in any order', async () => {
    for (let round = 0; round < 100; round++) {
      const { refreshToken, familyId } = await startFamily(a, client);
      const [one, other] = round % 2 ? [a, b] : [b, a];
      const requests = [
        () => refresh(one, client, refreshToken),
        () => revoke(other, client, refreshToken),
        () => refresh(other, client, refreshToken),
      ];
      const [first, revoked, second] = await Promise.all(requests.map((request) => request()));
      expect(revoked!.status).toBe(200);
      for (const app of [a, b]) {
        for (const { body } of [first!, second!]) {
          if (body.access_token) expect(await activeOn(app, body.access_token)).toBe(false);
        }
        expectError(await refresh(app, client, refreshToken), 400, 'invalid_grant');
      }
      const row = await familyRow(a, familyId);
      expect(row.revoked_at).not.toBeNull();
      if (row.generation > 0) {
        const successor = [first!, second!].find(({ status }) => status === 200)?.body.refresh_token;
        if (successor) expectError(await refresh(one, client, successor), 400, 'invalid_grant');
      }
    }
  }, 120_000);
});

describe('a reuse found on one replica while the thief refreshes on the other', () => {
  it('[136] a reuse found on one replica while the thief refreshes on the other leaves no valid token', async () => {
    for (let round = 0; round < 40; round++) {
      const { refreshToken, familyId } = await startFamily(a, client);
      const first = await refresh(a, client, refreshToken);
      clock.advanceSeconds(61);
      const [one, other] = round % 2 ? [a, b] : [b, a];
      const answers = await Promise.all([
        refresh(one, client, refreshToken),
        refresh(other, client, first.body.refresh_token),
      ]);
      expectError(answers[0], 400, 'invalid_grant');
      await expectAllDead(familyId, [first, ...answers]);
    }
  }, 120_000);
});

describe('facts that replicas share', () => {
  it('[164] a token revoked on one replica is invalid on the other at once', async () => {
    for (let round = 0; round < 20; round++) {
      const { refreshToken } = await startFamily(a, client);
      const { body } = await refresh(a, client, refreshToken);
      expect(await activeOn(b, body.access_token)).toBe(true);
      const [here, there] = round % 2 ? [a, b] : [b, a];
      const token = round % 4 < 2 ? body.refresh_token : body.access_token;
      expect((await revoke(here, client, token)).status).toBe(200);
      expect((await introspect(there, client, body.access_token)).text).toBe('{"active":false}');
      if (token === body.refresh_token)
        expectError(await refresh(there, client, body.refresh_token), 400, 'invalid_grant');
    }
  });

  it('a retry on the other replica gets the same successor', async () => {
    const { refreshToken } = await startFamily(a, client);
    const first = await refresh(a, client, refreshToken);
    const again = await refresh(b, client, refreshToken);
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
    expect(decodeJwt(again.body.access_token)).toEqual(decodeJwt(first.body.access_token));
  });

  it('[139] after a restart and with an empty Redis, an old token is still a reuse, and its family is revoked', async () => {
    const { refreshToken, familyId } = await startFamily(a, client);
    const { body } = await refresh(a, client, refreshToken);
    await b.close();
    const redis = createClient({ url: replicas.redisUrl });
    redis.on('error', () => undefined); // connect() rejects with it as well
    await redis.connect();
    await redis.flushAll();
    redis.destroy();
    b = await replicas.start();
    clock.advanceSeconds(61);
    expectError(await refresh(b, client, refreshToken), 400, 'invalid_grant');
    expect((await familyRow(a, familyId)).revoked_reason).toBe('refresh_token_reused');
    for (const app of [a, b]) expect((await introspect(app, client, body.access_token)).text).toBe('{"active":false}');
    expectError(await refresh(b, client, body.refresh_token), 400, 'invalid_grant');
  }, 60_000);
});

describe('a locked family', () => {
  /** Locks like an admin’s transaction. */
  async function hold(familyId: string): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: replicas.databaseUrl });
    holder.on('error', () => undefined); // it may outlive the server when a test fails
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM token_families WHERE family_id = $1 FOR UPDATE', [familyId]);
    return async () => {
      await holder.query('COMMIT');
      await holder.end();
    };
  }

  /** Requests that wait too long get a 503; how many do depends on the machine. */
  async function expectAnsweredOrToldToWait(
    held: { familyId: string; refreshToken: string },
    late: Answer[],
  ): Promise<void> {
    for (const { status } of late) expect([200, 503]).toContain(status);
    expect(new Set(late.flatMap(({ body }) => body.refresh_token ?? [])).size).toBeLessThanOrEqual(1);
    serverErrors(a);
    expect((await refresh(a, client, held.refreshToken)).status).toBe(200);
    expect((await familyRow(a, held.familyId)).generation).toBe(1);
    await expectOneLive(b, client, held.familyId);
  }

  it.each([1, 40])(
    '%d locked families delay only their own refreshes; others are answered meanwhile',
    async (count) => {
      const [held, ...neighbours] = await Promise.all(Array.from({ length: 20 }, () => startFamily(a, client)));
      const letGo = await hold(held!.familyId);
      const waiting = Promise.all(Array.from({ length: count }, () => refresh(a, client, held!.refreshToken)));
      await eventually(async () => {
        const [row] = await b.database.query<[{ count: number }]>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        );
        expect(row.count).toBeGreaterThan(0);
      });
      const answers = await Promise.all(neighbours.map(({ refreshToken }) => refresh(a, client, refreshToken)));
      expect(answers.map(({ status }) => status)).toEqual(neighbours.map(() => 200));
      await letGo();
      await expectAnsweredOrToldToWait(held!, await waiting);
    },
  );

  it('many locked families take only part of the connections, and all others are answered', async () => {
    const [held, neighbours] = await Promise.all(
      [15, 15].map((count) => Promise.all(Array.from({ length: count }, () => startFamily(a, client)))),
    );
    const letGo = await Promise.all(held!.map(({ familyId }) => hold(familyId)));
    const waiting = Promise.all(held!.map(({ refreshToken }) => refresh(a, client, refreshToken)));
    const answers = await Promise.all(neighbours!.map(({ refreshToken }) => refresh(a, client, refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual(neighbours!.map(() => 200));
    await Promise.all(letGo.map((release) => release()));
    const late = await waiting;
    for (const [index, family] of held!.entries()) await expectAnsweredOrToldToWait(family, [late[index]!]);
  });
});

it('a client that tries both methods, as golang.org/x/oauth2 does, refreshes live sessions beside sixty revoked ones', async () => {
  const owner = await confidentialClient(a, { tokenEndpointAuthMethod: 'client_secret_post', strict: true });
  for (let index = 0; index < 60; index += 1) {
    const [dead, live] = [await startFamily(a, owner), await startFamily(a, owner)];
    expect((await revoke(b, owner, dead.refreshToken)).status).toBe(200);
    const [here, there] = index % 2 ? [a, b] : [b, a];
    const answers = await goRefresh(here, owner, dead.refreshToken);
    expect(answers.map(({ status, body }) => [status, body.error])).toEqual([
      [401, 'invalid_client'],
      [400, 'invalid_grant'],
    ]);
    expect((await goRefresh(there, owner, live.refreshToken)).at(-1)!.status).toBe(200);
  }
});

describe('families that begin while a reuse revokes all of a subject at a client', () => {
  it('families from before the revocation end with their access tokens, and later ones live, at any interleaving', async () => {
    const wide = await confidentialClient(a, { reuseResponse: 'revoke_subject_client' });
    const other = await confidentialClient(a);
    for (let round = 0; round < 15; round++) {
      const subject = `round-${round}`;
      const [stolen, elsewhere] = [await startFamily(a, wide, { subject }), await startFamily(a, other, { subject })];
      await refresh(a, wide, stolen.refreshToken);
      clock.advanceSeconds(61);
      const before = await startFamily(b, wide, { subject });
      const beforeTokens = (await refresh(b, wide, before.refreshToken)).body;
      const [reuse, ...during] = await Promise.all([
        refresh(a, wide, stolen.refreshToken),
        ...Array.from({ length: 6 }, () => startFamily(b, wide, { subject })),
      ]);
      expectError(reuse, 400, 'invalid_grant');
      clock.advance(1);
      const later = await startFamily(b, wide, { subject });
      await expectAllDead(before.familyId, []);
      expect(await isActive(wide, beforeTokens.access_token)).toEqual([false, false]);
      for (const family of during) await expectConsistent(wide, family);
      for (const [of, { familyId }] of [
        [wide, later],
        [other, elsewhere],
      ] as const)
        await expectOneLive(a, of, familyId);
    }
  }, 120_000);

  it('a code from before the revocation is refused, or its tokens end with it, at any interleaving', async () => {
    const web = await webClient(a, { reuseResponse: 'revoke_subject_client', mayIntrospect: true });
    const [user, visitor] = [await aUser(a), new Visitor(b)];
    for (let round = 0; round < 10; round++) {
      const stolen = (await signInAndExchange(b, web, user, {}, visitor)).body.refresh_token as string;
      await refresh(a, web, stolen);
      clock.advanceSeconds(61);
      const codes: [Authorization, string][] = [];
      for (let index = 0; index < 6; index++) {
        const authorization = new Authorization(web);
        codes.push([authorization, (await authorize(b, user, authorization, visitor)).get('code')!]);
      }
      const [unused, unusedCode] = codes.pop()!;
      const [reuse, ...redeemed] = await Promise.all([
        refresh(a, web, stolen),
        ...codes.map(([authorization, code], index) => authorization.exchange(index % 2 ? a : b, web, code)),
      ]);
      expectError(reuse, 400, 'invalid_grant');
      expectError(await unused.exchange(b, web, unusedCode), 400, 'invalid_grant');
      for (const { status, body } of redeemed) {
        expect([200, 400]).toContain(status);
        if (status === 400) continue;
        expect(await isActive(web, body.access_token)).toEqual([false, false]);
        expectError(await refresh(b, web, body.refresh_token), 400, 'invalid_grant');
      }
    }
  }, 120_000);

  const isActive = async (of: TestClient, token: string): Promise<boolean[]> =>
    Promise.all([a, b].map(async (app) => (await introspect(app, of, token)).body.active as boolean));

  /** One that began in between is revoked with everything, or lives with everything. */
  async function expectConsistent(of: TestClient, { familyId, refreshToken }: TestFamily): Promise<void> {
    const { revoked_at } = await familyRow(a, familyId);
    const answer = await refresh(b, of, refreshToken);
    expect(answer.status).toBe(revoked_at === null ? 200 : 400);
    if (answer.status === 200) expect(await isActive(of, answer.body.access_token)).toEqual([true, true]);
  }
});
