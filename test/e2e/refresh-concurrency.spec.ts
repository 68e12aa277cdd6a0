/** Concurrent requests. Each round sends many requests at once over real HTTP, and checks the invariants afterwards. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { expectNoneLive, expectOneLive, familyRow } from '../support/family-state.js';
import { introspect, refresh, revoke, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => {
  jest.restoreAllMocks();
  expect(serverErrors(app)).toEqual([]);
});

const atOnce = <T>(count: number, request: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => request(index)));

const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
const successors = (answers: Answer[]) => new Set(answers.flatMap(({ body }) => body.refresh_token ?? []));

describe('the same token, many times at once', () => {
  it('[132] fifty identical concurrent refreshes get fifty answers with one successor, and one live token', async () => {
    const { refreshToken, sid } = await startFamily(app, client);
    const answers = await atOnce(50, () => refresh(app, client, refreshToken));
    expect(statuses(answers)).toEqual(Array(50).fill(200));
    expect(successors(answers).size).toBe(1);
    expect(new Set(answers.map(({ body }) => decodeJwt(body.access_token).jti)).size).toBe(1);
    expect((await familyRow(app, sid)).generation).toBe(1);
    await expectOneLive(app, client, sid);
  });

  it('[132] concurrent refreshes with different scopes share the successor, and each gets its own scope', async () => {
    const { refreshToken, sid } = await startFamily(app, client);
    const scopes = ['a', 'b', 'c', 'a b', 'a b c'];
    const answers = await atOnce(50, (index) => refresh(app, client, refreshToken, { scope: scopes[index % 5]! }));
    expect(answers.map(({ body }) => body.scope)).toEqual(Array.from({ length: 50 }, (_, index) => scopes[index % 5]));
    expect(successors(answers).size).toBe(1);
    await expectOneLive(app, client, sid);
  });

  it('[132] concurrent refreshes work repeatedly, each round with the token of the last', async () => {
    const { refreshToken, sid } = await startFamily(app, client);
    let token = refreshToken;
    for (let round = 1; round <= 10; round++) {
      const answers = await atOnce(10, () => refresh(app, client, token));
      expect(statuses(answers)).toEqual(Array(10).fill(200));
      [token] = [...successors(answers)] as [string];
      expect((await familyRow(app, sid)).generation).toBe(round);
    }
    await expectOneLive(app, client, sid);
  });

  it('[134] with a grace period of 0 exactly one of fifty wins; the others are refused, and the family stays valid', async () => {
    const strict = await confidentialClient(app, { retryWindowSeconds: 0 });
    for (let round = 0; round < 5; round++) {
      const { refreshToken, sid } = await startFamily(app, strict);
      const answers = await atOnce(50, () => refresh(app, strict, refreshToken));
      const [winner, ...losers] = answers.toSorted((one, two) => one.status - two.status);
      expect(winner!.status).toBe(200);
      for (const loser of losers) expectError(loser, 400, 'invalid_grant');
      expect((await refresh(app, strict, winner!.body.refresh_token)).status).toBe(200);
      await expectOneLive(app, strict, sid);
    }
  });

  it('[134] with a grace period of 0 a second use one second later is a reuse', async () => {
    const strict = await confidentialClient(app, { retryWindowSeconds: 0 });
    const { refreshToken, sid } = await startFamily(app, strict);
    await refresh(app, strict, refreshToken);
    app.clock.advance(1001);
    expectError(await refresh(app, strict, refreshToken), 400, 'invalid_grant');
    await expectNoneLive(app, strict, sid);
  });

  it('a superseded token presented many times at once revokes its family and nothing else', async () => {
    const [family, neighbour] = [await startFamily(app, client), await startFamily(app, client)];
    await refresh(app, client, family.refreshToken);
    app.clock.advanceSeconds(61);
    const answers = await atOnce(30, () => refresh(app, client, family.refreshToken));
    expect(statuses(answers)).toEqual(Array(30).fill(400));
    await expectNoneLive(app, client, family.sid);
    await expectOneLive(app, client, neighbour.sid);
  });
});

describe('[135] a refresh and a revocation at once', () => {
  it('a concurrent refresh and revocation leave no live token, in any order', async () => {
    for (let round = 0; round < 25; round++) {
      const { refreshToken, sid } = await startFamily(app, client);
      const current = round % 2 ? (await refresh(app, client, refreshToken)).body.refresh_token : refreshToken;
      const requests = [
        () => refresh(app, client, current),
        () => revoke(app, client, current),
        () => refresh(app, client, refreshToken),
      ];
      const order = [0, 1, 2].map((index) => (index + round) % 3);
      const answers = await Promise.all(order.map((index) => requests[index]!()));
      expect(answers[order.indexOf(1)]!.status).toBe(200);
      await expectNoneLive(app, client, sid);
      for (const { body } of answers) {
        if (!body.access_token) continue;
        expect((await introspect(app, client, body.access_token)).text).toBe('{"active":false}');
      }
    }
  });

  /** Completes the revocation after the statement of the refresh and before its answer: the narrowest race. */
  const overtaken = (method: 'rotate' | 'find', by: () => Promise<unknown>) => {
    const repository = app.nest.get(TokenFamilyRepository, { strict: false });
    const original = repository[method].bind(repository) as (...given: unknown[]) => Promise<never>;
    jest.spyOn(repository, method).mockImplementationOnce(async (...given: unknown[]) => {
      const result = await original(...given);
      app.clock.advance(5);
      await by();
      app.clock.advance(5);
      return result;
    });
  };

  it.each([
    ['a rotation', 'rotate', {}, 0],
    ['a use where tokens do not rotate', 'rotate', { rotation: 'never' }, 0],
    ['a retry', 'find', {}, 5],
    ['a retry when the first access token is over', 'find', { accessTokenTtlSeconds: 10 }, 11],
  ] as const)(
    '%s that a revocation overtakes hands out no live token',
    async (_what, method, policy, retryAfterSeconds) => {
      const as = await confidentialClient(app, policy);
      const { refreshToken, sid } = await startFamily(app, as);
      if (method === 'find') await refresh(app, as, refreshToken);
      app.clock.advanceSeconds(retryAfterSeconds);
      let revoked = 0;
      overtaken(method, async () => (revoked = (await revoke(app, as, refreshToken)).status));
      const answer = await refresh(app, as, refreshToken);
      expect(revoked).toBe(200);
      expect(answer.status).toBe(200);
      expect((await introspect(app, as, answer.body.access_token)).text).toBe('{"active":false}');
      await expectNoneLive(app, as, sid);
    },
  );
});

describe('[136] reuse and rotation of the leaf at once', () => {
  it('a concurrent reuse and rotation of the current token leave no live token', async () => {
    for (let round = 0; round < 25; round++) {
      const { refreshToken, sid } = await startFamily(app, client);
      const { body } = await refresh(app, client, refreshToken);
      app.clock.advanceSeconds(61);
      const requests = [() => refresh(app, client, refreshToken), () => refresh(app, client, body.refresh_token)];
      if (round % 2) requests.reverse();
      const answers = await Promise.all(requests.map((request) => request()));
      expect(answers[round % 2]!.status).toBe(400);
      await expectNoneLive(app, client, sid);
      for (const { body: given } of [...answers, { body }]) {
        if (given.access_token) expect((await introspect(app, client, given.access_token)).body.active).toBe(false);
      }
    }
  });
});

it('[145] a hundred subjects with twenty requests each get their own tokens and no others', async () => {
  const clients = await Promise.all([
    confidentialClient(app),
    confidentialClient(app, { accessTokenFormat: 'opaque' }),
    confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post' }),
    publicClient(app),
  ]);
  const scopes = ['a', 'a b', 'b c', 'a b c'];
  const sessions = await atOnce(100, async (index) => {
    const scope = scopes[(index >> 2) % 4]!;
    const as = clients[index % 4]!;
    return { as, scope, ...(await startFamily(app, as, { subject: `subject-${index}`, scope: scope.split(' ') })) };
  });
  const mismatches: unknown[] = [];
  for (let round = 0; round < 20; round += 5) {
    await atOnce(500, async (index) => {
      const session = sessions[index % 100]!;
      const { status, body } = await refresh(app, session.as, session.refreshToken);
      const claims =
        session.as === clients[1]
          ? (await introspect(app, clients[1], body.access_token)).body
          : decodeJwt(body.access_token);
      const seen = [status, claims.sub, claims.client_id, claims.sid, claims.scope, body.scope];
      const right = [200, session.subject, session.as.clientId, session.sid, session.scope, session.scope];
      if (JSON.stringify(seen) !== JSON.stringify(right)) mismatches.push({ seen, right });
    });
  }
  expect(mismatches).toEqual([]);
  for (const { sid } of sessions) expect((await familyRow(app, sid)).generation).toBe(1);
}, 60_000);
