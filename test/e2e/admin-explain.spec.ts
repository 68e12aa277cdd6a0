/** Explain and the timeline: they tell what the refresh itself decides. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { NO_DELAY } from '../../src/refresh/client-health.js';
import { ClientHealthRepository } from '../../src/refresh/client-health.repository.js';
import { ClientHealth } from '../../src/refresh/client-health.worker.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { mintRefreshToken } from '../../src/families/refresh-token.js';
import { admin, wrongFields, type Admin } from '../support/admin.js';
import { Canaries } from '../support/canaries.js';
import { changeClient, confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { serverErrors } from '../support/expectations.js';
import { credentialsOf, postAs, postForm, refresh, revoke, type Answer } from '../support/requests.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;
let client: TestClient;
const canaries = new Canaries();

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_TRUSTED_PROXIES: '127.0.0.1' } });
});
beforeEach(async () => {
  caller = await admin(app);
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const explain = (body: object): Promise<Answer> => caller.post('/explain', body);

const idOf = (answer: Answer): string => answer.headers.get('x-correlation-id')!;

async function family(subject = `u-${uuidv7()}`): Promise<string> {
  const { refreshToken } = await startFamily(app, client, { subject });
  canaries.addRefreshToken('refresh token', refreshToken);
  return refreshToken;
}

/** Rotates this often. @returns all tokens */
async function rotate(token: string, times: number): Promise<string[]> {
  const tokens = [token];
  for (let round = 0; round < times; round++) {
    tokens.push((await refresh(app, client, tokens.at(-1)!)).body.refresh_token as string);
    canaries.addRefreshToken('refresh token', tokens.at(-1)!);
  }
  return tokens;
}

/** A refresh from this address by this user agent. */
const refreshAs = (token: string, source: string, agent: string): Promise<Answer> => {
  const { headers, fields } = credentialsOf(client);
  const form = { ...fields, grant_type: 'refresh_token', refresh_token: token };
  return postForm(`${app.url}/token`, form, { ...headers, 'x-forwarded-for': source, 'user-agent': agent });
};

describe('a timeline', () => {
  const HOME = ['192.0.2.1', 'okhttp/4.9.1'] as const;
  const THIEF = ['203.0.113.5', 'Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36'] as const;

  it('a timeline tells each generation with address and agent, and who looks like the thief', async () => {
    const { familyId, refreshToken } = await startFamily(app, client);
    const { body: first } = await refreshAs(refreshToken, ...HOME);
    const { body: second } = await refreshAs(first.refresh_token, ...HOME);
    await refreshAs(second.refresh_token, ...HOME);
    await refreshAs(second.refresh_token, ...HOME);
    app.clock.advanceSeconds(61);
    const reused = await refreshAs(second.refresh_token, ...THIEF);
    await refreshAs(first.refresh_token, ...HOME);
    const { status, body } = await caller.get(`/families/${familyId}/timeline`);
    expect(status).toBe(200);
    expect(body.family).toMatchObject({ family_id: familyId, state: 'revoked' });
    const home = { source: '192.0.2.1', agent: 'okhttp/4' };
    expect((body.items as object[]).toReversed()).toMatchObject([
      { event: 'family.started', generation: 0 },
      { event: 'refresh.rotated', generation: 1, ...home },
      { event: 'refresh.rotated', generation: 2, ...home },
      { event: 'refresh.rotated', generation: 3, ...home },
      { event: 'refresh.retried', generation: 3, presented_generation: 2, ...home },
      { event: 'refresh.reused', source: '203.0.113.5', agent: 'Chrome on Windows', correlation_id: idOf(reused) },
      { event: 'refresh.refused', reason: 'revoked', presented_generation: 1, ...home },
    ]);
    expect(body.fork).toMatchObject({ suspect: 'replay', generation: 2 });
    expect(body.fork.evidence).toContain('61 s lie between the two.');
  });

  it('parallel refreshes of one token are one rotation in the timeline, and retries', async () => {
    const { familyId, refreshToken } = await startFamily(app, client);
    await Promise.all(Array.from({ length: 8 }, () => refreshAs(refreshToken, ...HOME)));
    const { body } = await caller.get(`/families/${familyId}/timeline?limit=4`);
    expect(body.items).toHaveLength(4);
    const rest = await caller.get(`/families/${familyId}/timeline?limit=100&cursor=${body.next_cursor}`);
    const events = [...body.items, ...rest.body.items].map(({ event }) => event as string);
    expect(events.toSorted()).toEqual([
      'family.started',
      ...Array<string>(7).fill('refresh.retried'),
      'refresh.rotated',
    ]);
    expect(body).not.toHaveProperty('fork');
  });

  it('a cursor is for one family only, and a family that does not exist is not found', async () => {
    const families = [await startFamily(app, client), await startFamily(app, client)];
    for (const { refreshToken } of families) await refresh(app, client, refreshToken);
    const { body } = await caller.get(`/families/${families[0]!.familyId}/timeline?limit=1`);
    const other = await caller.get(`/families/${families[1]!.familyId}/timeline?cursor=${body.next_cursor}`);
    expect(wrongFields(other)).toEqual(['cursor']);
    expect((await caller.get(`/families/${uuidv7()}/timeline`)).status).toBe(404);
  });
});

describe('the health of a client', () => {
  const health = async (query = ''): Promise<Answer> => {
    await app.nest.get(ClientHealth, { strict: false }).flush();
    return caller.get(`/clients/${client.clientId}/health${query}`);
  };

  it('each refresh of parallel ones is counted once, with its outcome and delay', async () => {
    const token = await family();
    await Promise.all(Array.from({ length: 20 }, () => refresh(app, client, token)));
    app.clock.advanceSeconds(80);
    await refresh(app, client, token);
    await refresh(app, client, token);
    await refresh(app, client, 'nonsense');
    const { status, body } = await health();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      refreshes: 1,
      retries: 19,
      stale: 0,
      reuse: 1,
      refused: { malformed: 1, revoked: 1 },
    });
    expect(body).toMatchObject({ retry_window_seconds: 60, suggested_retry_window_seconds: 90 });
    expect(body.late_share).toBeCloseTo(1 / 21);
    expect(body.delays).toEqual([
      { up_to_seconds: 1, retries: 19, late: 0 },
      { up_to_seconds: 90, retries: 0, late: 1 },
    ]);
    expect((body.points as { refreshes: number }[]).reduce((sum, { refreshes }) => sum + refreshes, 0)).toBe(1);
  });

  it('two replicas add to the same minute, and counts that could not be written are written later', async () => {
    const worker = app.nest.get(ClientHealth, { strict: false });
    const other = new ClientHealth(app.nest.get(ClientHealthRepository, { strict: false }), app.clock);
    const failing = jest.spyOn(ClientHealthRepository.prototype, 'add').mockRejectedValueOnce(new Error('away'));
    const count = ({ counts }: ClientHealth) =>
      counts.inc({ clientId: client.clientId, outcome: 'rotated', delaySeconds: NO_DELAY });
    count(worker);
    await worker.flush();
    failing.mockRestore();
    [worker, other, worker, other].forEach(count);
    await Promise.all([worker.flush(), other.flush()]);
    await other.onApplicationShutdown();
    expect((await health()).body).toMatchObject({ refreshes: 5 });
  });

  it('health is of a time range', async () => {
    await refresh(app, client, await family());
    const now = app.clock.now();
    const at = (ms: number) => new Date(now + ms).toISOString();
    expect((await health(`?from=${at(-7_200_000)}&to=${at(-3_600_000)}`)).body).toMatchObject({
      refreshes: 0,
      points: [],
    });
    expect((await health(`?from=${at(-3_600_000)}&to=${at(1)}`)).body).toMatchObject({ refreshes: 1 });
    expect(wrongFields(await health(`?from=${at(1)}&to=${at(0)}`))).toEqual(['from']);
    expect((await caller.get('/clients/nobody/health')).status).toBe(404);
  });
});

describe('an explanation', () => {
  it.each<[string, () => Promise<string>]>([
    ['rotatable', () => family()],
    ['retry', async () => (await rotate(await family(), 1))[0]!],
    ['stale', async () => (await rotate(await family(), 2))[0]!],
    [
      'reuse',
      async () => {
        const [token] = await rotate(await family(), 1);
        app.clock.advanceSeconds(61);
        return token!;
      },
    ],
    ['malformed', () => Promise.resolve('nonsense')],
    [
      'unknown',
      () => {
        const key = app.nest.get(KeyRing, { strict: false }).mintingTokenKey();
        return Promise.resolve(mintRefreshToken({ handle: uuidv7(), generation: 3 }, key));
      },
    ],
    [
      'ended',
      async () => {
        const token = await family();
        await revoke(app, client, token);
        return token;
      },
    ],
    [
      'ended',
      async () => {
        const token = await family('disabled');
        await setSubjectDisabled(app, 'disabled', true);
        return token;
      },
    ],
    [
      'scope_exceeded',
      async () => {
        const token = await family();
        await changeClient(app, client, { scopes: ['z'] });
        return token;
      },
    ],
  ])(
    'the explanation of a token is what a refresh with it is answered, and changes nothing: %s',
    async (verdict, make) => {
      const token = await make();
      const before = await explain({ token });
      expect(before.status).toBe(200);
      expect(before.body).toMatchObject({ verdict });
      expect((await explain({ token })).body).toEqual(before.body);
      const answer = await refresh(app, client, token);
      expect(answer.status === 200 ? 'accepted' : 'refused').toBe(before.body.decision);
      const { body } = await explain({ correlation_id: idOf(answer) });
      for (const name of ['verdict', 'decision', 'refused_by', 'summary', 'steps', 'family_id']) {
        expect([name, body[name]]).toEqual([name, before.body[name]]);
      }
      expect(body.events).toHaveLength(1);
    },
  );

  it('a late retry is explained with the grace period that would have covered it', async () => {
    const [token] = await rotate(await family(), 1);
    app.clock.advanceSeconds(95);
    const { body } = await explain({ correlation_id: idOf(await refresh(app, client, token!)) });
    expect(body).toMatchObject({
      generation: 0,
      current_generation: 1,
      retry_window_seconds: 60,
      refused_by: 'generation',
    });
    expect(body.summary).toContain('superseded 95 s before');
    expect((body.help as string[]).join()).toContain('retry_window_seconds of 95');
  });

  it('the explanation of a revoked family names the reuse that revoked it', async () => {
    const tokens = await rotate(await family(), 1);
    app.clock.advanceSeconds(61);
    const reused = await refresh(app, client, tokens[0]!);
    const { body } = await explain({ token: tokens[1]! });
    expect(body).toMatchObject({
      verdict: 'ended',
      reason: 'refresh_token_reused',
      refused_by: 'family_active',
      cause: { event: 'refresh.reused', correlation_id: idOf(reused), detail: { presented_generation: 0 } },
    });
    expect((body.help as string[]).join()).toContain(idOf(reused));
  });

  it('the explanation of a token is never stored and never logged', async () => {
    const token = await family();
    canaries.add('token of nobody', 'a-token-of-another-kind-that-nobody-knows-here');
    await explain({ token });
    await explain({ token: 'a-token-of-another-kind-that-nobody-knows-here' });
    expect((await explain({ token: `${token}x`.repeat(100) })).text).not.toContain(token);
    expect((await explain({ token, correlation_id: 'x' })).text).not.toContain(token);
    expect((await explain({ token: [token] })).text).not.toContain(token);
    expect((await caller.post('/explain', `{"token":"${token}"`)).text).not.toContain(token);
    expect(canaries.leaksIn(app.logs.join('\n'))).toEqual([]);
    expect(canaries.leaksIn(await dumpDatabase(app.database))).toEqual([]);
  });

  it('a request that was refused before its token was judged is explained with its event', async () => {
    const answer = await postAs(client, `${app.url}/token`, {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      scope: 'd',
    });
    const { body } = await explain({ correlation_id: idOf(answer) });
    expect(body).toMatchObject({ decision: 'refused', reason: 'beyond_client', steps: [], client_id: client.clientId });
  });

  it('an explanation needs a token or a correlation id, and an unknown one is not found', async () => {
    expect(wrongFields(await explain({}))).toEqual(['token']);
    expect(wrongFields(await explain({ token: 'x', correlation_id: 'y' }))).toEqual(['token']);
    expect((await explain({ correlation_id: 'nobody' })).status).toBe(404);
  });
});
