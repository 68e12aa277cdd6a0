/** One successor per token, the rotation policies, and what a rotation writes. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { changeClient, confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { expectOneLive, expectUntouched, familyRow, generationOf } from '../support/family-state.js';
import { introspect, refresh, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { timeLimit } from '../support/time-limit.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp({ background: false });
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** Refreshes so many times, each with the token that came back. @returns all tokens there have been, the last one live */
async function rotate(as: TestClient, refreshToken: string, times: number): Promise<string[]> {
  const tokens = [refreshToken];
  for (let round = 0; round < times; round++) {
    const answer = await refresh(app, as, tokens.at(-1)!);
    expect(answer.status).toBe(200);
    tokens.push(answer.body.refresh_token);
  }
  return tokens;
}

const scopeOf = ({ body }: Answer): string[] => String(body.scope).split(' ').sort();

const seconds = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000;

describe('the successor', () => {
  it('[121] a refresh returns another refresh token, above all to public clients', async () => {
    for (const as of [await publicClient(app), client]) {
      const { refreshToken } = await startFamily(app, as);
      const { body } = await refresh(app, as, refreshToken);
      expect(body.refresh_token).toMatch(/^rt_/);
      expect(body.refresh_token).not.toBe(refreshToken);
    }
  });

  it('[123] a successor supersedes the presented token, which is an invalid grant after the grace period', async () => {
    const { refreshToken } = await startFamily(app, client);
    await rotate(client, refreshToken, 1);
    app.clock.advance(60_001);
    expectError(await refresh(app, client, refreshToken), 400, 'invalid_grant');
  });

  it('each successor has the next generation and is the only valid token', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    const tokens = await rotate(client, refreshToken, 12);
    expect(tokens.map((token) => generationOf(app, token))).toEqual([...tokens.keys()]);
    await expectOneLive(app, client, familyId);
  });
});

describe('the grace period', () => {
  it('[128] a retry returns the same successor, and an access token with the same jti and expiry', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    const first = await refresh(app, client, refreshToken);
    app.clock.advanceSeconds(59);
    const again = await expectUntouched(app, familyId, () => refresh(app, client, refreshToken));
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
    const [one, two] = [first, again].map(({ body }) => decodeJwt(body.access_token));
    expect(two).toEqual(one);
    expect([first.body.expires_in, again.body.expires_in]).toEqual([600, 541]);
    await expectOneLive(app, client, familyId);
  });

  it('[129] a retry never returns a token that is already superseded', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    await refresh(app, client, refreshToken);
    const { body } = await refresh(app, client, refreshToken);
    expect((await introspect(app, client, body.access_token)).body.active).toBe(true);
    expect((await refresh(app, client, body.refresh_token)).status).toBe(200);
    await expectOneLive(app, client, familyId);
  });

  it('[129] a retry returns a valid access token even if the first one has expired', async () => {
    const quick = await confidentialClient(app, { accessTokenTtlSeconds: 10 });
    const { refreshToken } = await startFamily(app, quick);
    const first = await refresh(app, quick, refreshToken);
    app.clock.advanceSeconds(11);
    const again = await refresh(app, quick, refreshToken);
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
    expect(again.body.expires_in).toBe(10);
    expect((await introspect(app, quick, again.body.access_token)).body.active).toBe(true);
    expect(decodeJwt(again.body.access_token).jti).not.toBe(decodeJwt(first.body.access_token).jti);
  });

  it('[130] the grace period ends when the successor is used: then the old token is refused, and the family stays valid', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    await rotate(client, refreshToken, 2);
    app.clock.advanceSeconds(30);
    expectError(await expectUntouched(app, familyId, () => refresh(app, client, refreshToken)), 400, 'invalid_grant');
    await expectOneLive(app, client, familyId);
  });

  it('[131] any number of retries is allowed and never revokes anything', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    const [, successor] = await rotate(client, refreshToken, 1);
    for (let retry = 0; retry < 25; retry++) {
      const answer = await expectUntouched(app, familyId, () => refresh(app, client, refreshToken));
      expect(answer.body.refresh_token).toBe(successor);
      app.clock.advanceSeconds(2);
    }
    await expectOneLive(app, client, familyId);
  });

  it('retries do not extend the grace period', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    await rotate(client, refreshToken, 1);
    app.clock.advance(60_000);
    expect((await refresh(app, client, refreshToken)).status).toBe(200);
    app.clock.advance(1);
    expectError(await refresh(app, client, refreshToken), 400, 'invalid_grant');
    expect((await familyRow(app, familyId)).revoked_reason).toBe('refresh_token_reused');
  });

  it.each([1, 600])('the grace period is the client’s setting: %d s', async (retryWindowSeconds) => {
    const as = await confidentialClient(app, { retryWindowSeconds });
    const { refreshToken } = await startFamily(app, as);
    await rotate(as, refreshToken, 1);
    app.clock.advance(retryWindowSeconds * 1000);
    expect((await refresh(app, as, refreshToken)).status).toBe(200);
    app.clock.advance(1);
    expectError(await refresh(app, as, refreshToken), 400, 'invalid_grant');
  });

  it('a retry may request another part of the scope, but no more than the grant', async () => {
    const { refreshToken, familyId } = await startFamily(app, client, { scope: ['a', 'b'] });
    await refresh(app, client, refreshToken, { scope: 'a' });
    expect((await refresh(app, client, refreshToken, { scope: 'b' })).body.scope).toBe('b');
    expect((await refresh(app, client, refreshToken)).body.scope).toBe('a b');
    const tooWide = await expectUntouched(app, familyId, () => refresh(app, client, refreshToken, { scope: 'c' }));
    expectError(tooWide, 400, 'invalid_scope');
    await expectOneLive(app, client, familyId);
  });
});

describe('[122] the rotation policy', () => {
  it('never: a refresh returns the same refresh token, each time with a new access token', async () => {
    const as = await confidentialClient(app, { rotation: 'never' });
    const { refreshToken, familyId } = await startFamily(app, as);
    const answers = [await refresh(app, as, refreshToken), await refresh(app, as, refreshToken)];
    app.clock.advanceSeconds(3600);
    answers.push(await refresh(app, as, refreshToken));
    expect(answers.map(({ status, body }) => [status, body.refresh_token])).toEqual(Array(3).fill([200, refreshToken]));
    expect(new Set(answers.map(({ body }) => decodeJwt(body.access_token).jti)).size).toBe(3);
    expect(await familyRow(app, familyId)).toMatchObject({ generation: 0, rotated_at: [] });
  });

  it('never: a refresh still counts as a use, and the idle time slides', async () => {
    const as = await confidentialClient(app, { rotation: 'never', idleTtlSeconds: 600 });
    const { refreshToken, familyId } = await startFamily(app, as);
    app.clock.advanceSeconds(599);
    expect((await refresh(app, as, refreshToken)).status).toBe(200);
    const row = await familyRow(app, familyId);
    expect(row.last_used_at.getTime()).toBe(app.clock.now());
    app.clock.advanceSeconds(599);
    expect((await refresh(app, as, refreshToken)).status).toBe(200);
    app.clock.advanceSeconds(600);
    expectError(await refresh(app, as, refreshToken), 400, 'invalid_grant');
  });

  it('never: concurrent refreshes all succeed, each with its own access token', async () => {
    const as = await confidentialClient(app, { rotation: 'never' });
    const { refreshToken, familyId } = await startFamily(app, as);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(app, as, refreshToken)));
    expect(answers.map(({ body }) => body.refresh_token)).toEqual(Array(20).fill(refreshToken));
    expect(new Set(answers.map(({ body }) => decodeJwt(body.access_token).jti)).size).toBe(20);
    await expectOneLive(app, as, familyId);
  });

  it('public_only: a public client’s tokens rotate, a confidential client’s do not', async () => {
    const [secret, open] = [
      await confidentialClient(app, { rotation: 'public_only' }),
      await publicClient(app, { rotation: 'public_only' }),
    ];
    const [ofSecret, ofOpen] = [await startFamily(app, secret), await startFamily(app, open)];
    expect((await refresh(app, secret, ofSecret.refreshToken)).body.refresh_token).toBe(ofSecret.refreshToken);
    expect((await refresh(app, open, ofOpen.refreshToken)).body.refresh_token).not.toBe(ofOpen.refreshToken);
  });

  it('a policy changed during a family’s life applies from the next refresh on', async () => {
    const as = await confidentialClient(app, { rotation: 'always' });
    const { refreshToken, familyId } = await startFamily(app, as);
    const [, current] = await rotate(as, refreshToken, 1);
    await changeClient(app, as, { rotation: 'never' });
    expect((await refresh(app, as, current!)).body.refresh_token).toBe(current);
    expect((await refresh(app, as, refreshToken)).body.refresh_token).toBe(current);
    app.clock.advanceSeconds(61);
    expectError(await refresh(app, as, refreshToken), 400, 'invalid_grant');
    expect((await familyRow(app, familyId)).revoked_reason).toBe('refresh_token_reused');
  });
});

describe('sticky scope narrowing', () => {
  it('sticky: a narrowed scope becomes the family’s new limit', async () => {
    const as = await confidentialClient(app, { scopeNarrowing: 'sticky' });
    const { refreshToken, familyId } = await startFamily(app, as);
    const narrowed = await refresh(app, as, refreshToken, { scope: 'c a' });
    expect(scopeOf(narrowed)).toEqual(['a', 'c']);
    const next = await refresh(app, as, narrowed.body.refresh_token);
    expect(scopeOf(next)).toEqual(['a', 'c']);
    for (const scope of ['b', 'a b c']) {
      const wide = await expectUntouched(app, familyId, () => refresh(app, as, next.body.refresh_token, { scope }));
      expectError(wide, 400, 'invalid_scope');
    }
  });

  it('sticky: a retry of the narrowing request gets the same scope, and the rest is gone', async () => {
    const as = await confidentialClient(app, { scopeNarrowing: 'sticky' });
    const { refreshToken } = await startFamily(app, as);
    const first = await refresh(app, as, refreshToken, { scope: 'a' });
    const again = await refresh(app, as, refreshToken, { scope: 'a' });
    expect(again.body).toMatchObject({ scope: 'a', refresh_token: first.body.refresh_token });
    expect((await refresh(app, as, refreshToken)).body.scope).toBe('a');
    expectError(await refresh(app, as, refreshToken, { scope: 'a b' }), 400, 'invalid_scope');
  });

  it('sticky: the scope is narrowed without rotation, too', async () => {
    const as = await confidentialClient(app, { scopeNarrowing: 'sticky', rotation: 'never' });
    const { refreshToken } = await startFamily(app, as);
    await refresh(app, as, refreshToken, { scope: 'b' });
    expect((await refresh(app, as, refreshToken)).body.scope).toBe('b');
  });
});

describe('the writes of a rotation', () => {
  it('[140] the absolute end is fixed when the family starts: ten rotations do not move it', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    const { absolute_expires_at: before } = await familyRow(app, familyId);
    let token = refreshToken;
    for (let round = 0; round < 10; round++) {
      app.clock.advanceSeconds(86_400);
      token = (await refresh(app, client, token)).body.refresh_token;
    }
    const after = await familyRow(app, familyId);
    expect(after.absolute_expires_at).toEqual(before);
    expect(after.generation).toBe(10);
  });

  it('[140] a later change of the policy does not move the absolute end', async () => {
    const as = await confidentialClient(app, { absoluteTtlSeconds: 1000 });
    const { refreshToken, familyId } = await startFamily(app, as);
    const { absolute_expires_at: before } = await familyRow(app, familyId);
    await changeClient(app, as, { absoluteTtlSeconds: 100_000 });
    await rotate(as, refreshToken, 2);
    expect((await familyRow(app, familyId)).absolute_expires_at).toEqual(before);
  });

  it('[141] the idle end slides with each use, but never beyond the absolute end', async () => {
    const as = await confidentialClient(app);
    const ttl = fc.oneof(fc.constantFrom(60, 3650 * 86_400), fc.integer({ min: 60, max: 100_000 }));
    const isOver = timeLimit(15_000);
    const run = async (idleTtlSeconds: number, absoluteTtlSeconds: number, waits: number[]) => {
      if (isOver()) return;
      await changeClient(app, as, { idleTtlSeconds, absoluteTtlSeconds });
      const { refreshToken, familyId } = await startFamily(app, as);
      const first = await familyRow(app, familyId);
      expect(seconds(first.created_at, first.idle_expires_at)).toBeLessThanOrEqual(
        Math.min(idleTtlSeconds, absoluteTtlSeconds),
      );
      let token = refreshToken;
      for (const wait of waits) {
        app.clock.advance(Math.floor(wait * (idleTtlSeconds < 10_000 ? idleTtlSeconds * 1000 : 1000)));
        const answer = await refresh(app, as, token);
        const row = await familyRow(app, familyId);
        expect(row.idle_expires_at.getTime()).toBeLessThanOrEqual(row.absolute_expires_at.getTime());
        if (answer.status !== 200) return;
        const slid = Math.min(app.clock.now() + idleTtlSeconds * 1000, first.absolute_expires_at.getTime());
        expect(row.idle_expires_at.getTime()).toBe(slid);
        token = answer.body.refresh_token;
      }
    };
    const waits = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 5 });
    await fc.assert(fc.asyncProperty(ttl, ttl, waits, run), { numRuns: 60 });
  }, 60_000);

  it('[142] a rotation writes one row version and one audit event, however long the family is', async () => {
    const as = await confidentialClient(app);
    const { refreshToken, familyId } = await startFamily(app, as);
    const [old] = (await rotate(as, refreshToken, 40)).slice(-1);
    const before = await rowsWritten();
    await rotate(as, old!, 10);
    const after = await rowsWritten();
    const written = Object.fromEntries(
      Object.entries(after).map(([table, rows]) => [table, rows - (before[table] ?? 0)]),
    );
    expect(Object.entries(written).filter(([, rows]) => rows !== 0)).toEqual([
      ['audit_events', 10],
      ['token_families', 10],
    ]);
    expect((await familyRow(app, familyId)).rotated_at).toHaveLength(8);
  });

  // [143] does not apply: no token is stored, so there is no token digest that must be unique, and no index of live tokens.
});

/** By table: rows inserted, updated and deleted since the database was opened. */
async function rowsWritten(): Promise<Record<string, number>> {
  // The statistics of a session become visible when it says so, at most once a second.
  const [, rows] = [
    await app.database.query('SELECT pg_stat_force_next_flush()'),
    await app.database.query<{ relname: string; written: string }[]>(
      `SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS written FROM pg_stat_user_tables ORDER BY relname`,
    ),
  ];
  return Object.fromEntries(rows.map(({ relname, written }) => [relname, Number(written)]));
}

it('a token family refreshes, retries and detects reuse', async () => {
  const { refreshToken } = await startFamily(app, client);
  const first = await refresh(app, client, refreshToken);
  expect(first.status).toBe(200);
  const again = await refresh(app, client, refreshToken);
  expect(again.body.refresh_token).toBe(first.body.refresh_token);
  app.clock.advanceSeconds(61);
  const reuse = await refresh(app, client, refreshToken);
  expect(reuse.body.error).toBe('invalid_grant');
  expect((await refresh(app, client, first.body.refresh_token)).status).toBe(400);
  expect((await introspect(app, client, first.body.access_token)).text).toBe('{"active":false}');
});
