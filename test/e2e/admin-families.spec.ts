/** Token families in the admin API: started, listed and shown, never with their handle or tokens. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { admin, column, wrongFields, type Admin } from '../support/admin.js';
import { auditOfFamily, auditOf } from '../support/audit-trail.js';
import { Canaries } from '../support/canaries.js';
import { changeClient, confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { introspect, refresh, revoke, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const start = (changes: object = {}): Promise<Answer> =>
  caller.post('/families', { client_id: client.clientId, subject: 'u1', scope: 'a b', ...changes });

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

const DAY_MS = 86_400_000;

describe('a family that an admin starts', () => {
  it('starting a family returns its family_id, its first refresh token and the expiry', async () => {
    const { status, body } = await start();
    expect(status).toBe(201);
    expect(body).toEqual({
      family_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      refresh_token: expect.stringMatching(/^rt_[A-Za-z0-9_-]{60}$/),
      expires_at: at(app.clock.now() + 30 * DAY_MS),
    });
  });

  it('a family started by an admin refreshes with the granted scope', async () => {
    const { body } = await start();
    const answer = await refresh(app, client, body.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.body.scope).toBe('a b');
    const introspection = await introspect(app, client, answer.body.access_token);
    expect(introspection.body).toMatchObject({ active: true, sub: 'u1', family_id: body.family_id, scope: 'a b' });
  });

  it('an admin can start a family for a public client', async () => {
    const app1 = await publicClient(app);
    const { body } = await start({ client_id: app1.clientId });
    expect((await refresh(app, app1, body.refresh_token)).status).toBe(200);
  });

  it('a family may have an empty scope', async () => {
    const { status, body } = await start({ scope: '' });
    expect(status).toBe(201);
    expect((await refresh(app, client, body.refresh_token)).body.scope).toBe('');
  });

  it.each([
    'user-4711',
    'a',
    'x'.repeat(255),
    'josé@example.com',
    '用户',
    '💥',
    'a b',
    "o'brien",
    'clients:x',
    'auth0|5f7c8ec7',
  ])('a family can be started for the subject %s, and the list finds it', async (subject) => {
    const { status, body } = await start({ subject });
    expect(status).toBe(201);
    const found = await caller.get(`/families?subject=${encodeURIComponent(subject)}`);
    expect(column(found, 'family_id')).toContain(body.family_id);
  });

  it.each([
    ['an empty one', ''],
    ['256 characters', 'x'.repeat(256)],
    ['a line break', 'a\nb'],
    ['a NUL', 'a\u0000'],
    ['an invisible character', 'a\u200bb'],
    ['a bidi control', 'a\u202eb'],
    ['a lone surrogate', 'a\ud800'],
    ["a client's subject", 'client:abc'],
    ['a number', 4711],
    ['null', null],
  ])('no family is started for this subject: %s', async (_, subject) => {
    const answer = await start({ subject });
    expect(answer.status).toBe(400);
    expect(wrongFields(answer)).toEqual(['subject']);
  });

  it.each(['d', 'a d', 'A', 'a  b', ' a', 'a ', '"', 'rekey:admin', 'a\tb'])(
    'no family is started with the scope %j',
    async (scope) => {
      const answer = await start({ scope });
      expect(answer.status).toBe(400);
      expect(wrongFields(answer)).toEqual(['scope']);
    },
  );

  it('no family is started for an unknown or deleted client', async () => {
    const gone = await confidentialClient(app);
    await caller.delete(`/clients/${gone.clientId}`);
    for (const client_id of ['nobody', gone.clientId]) {
      const answer = await start({ client_id });
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual([{ field: 'client_id', detail: expect.any(String) }]);
    }
  });

  it('no family is started for a disabled client', async () => {
    const disabled = await confidentialClient(app);
    await changeClient(app, disabled, { disabled: true });
    expect((await start({ client_id: disabled.clientId })).body).toMatchObject({ status: 409, code: 'conflict' });
  });

  it('no family is started for a client without the refresh_token grant', async () => {
    const other = await confidentialClient(app, { grantTypes: ['client_credentials'] });
    expect((await start({ client_id: other.clientId })).body).toMatchObject({ status: 409, code: 'conflict' });
  });

  it('no family is started for a disabled subject', async () => {
    await startFamily(app, client, { subject: 'banned' });
    await caller.patch('/subjects/banned', { disabled: true });
    expect((await start({ subject: 'banned' })).body).toMatchObject({ status: 409, code: 'conflict' });
    await caller.patch('/subjects/banned', { disabled: false });
    expect((await start({ subject: 'banned' })).status).toBe(201);
  });

  it('a refused start leaves no rows', async () => {
    const count = async () => (await app.database.query('SELECT count(*)::int AS n FROM token_families'))[0].n;
    const before = await count();
    await start({ scope: 'd' });
    await start({ subject: 'client:x' });
    expect(await count()).toBe(before);
  });

  it('the start of a family is in the audit log with the name of the admin', async () => {
    const { body } = await start();
    expect(await auditOfFamily(app, body.family_id)).toMatchObject([
      { event: 'family.started', client_id: client.clientId, subject: 'u1', actor: `client:${caller.client.clientId}` },
    ]);
  });
});

describe('a family in the admin API', () => {
  it('a family shows its data and its state', async () => {
    const startedAt = app.clock.now();
    const { familyId, refreshToken } = await startFamily(app, client, { subject: 'looked-at' });
    const expected = {
      family_id: familyId,
      client_id: client.clientId,
      subject: 'looked-at',
      scope: 'a b c',
      generation: 0,
      state: 'active',
      created_at: at(startedAt),
      last_used_at: at(startedAt),
      idle_expires_at: at(startedAt + 30 * DAY_MS),
      absolute_expires_at: at(startedAt + 365 * DAY_MS),
    };
    expect((await caller.get(`/families/${familyId}`)).body).toEqual(expected);

    app.clock.advanceSeconds(60);
    const { body } = await refresh(app, client, refreshToken);
    const now = app.clock.now();
    const used = { ...expected, generation: 1, last_used_at: at(now), idle_expires_at: at(now + 30 * DAY_MS) };
    expect((await caller.get(`/families/${familyId}`)).body).toEqual(used);

    await revoke(app, client, body.refresh_token);
    const revoked = { ...used, state: 'revoked', revoked_at: at(now), revoked_reason: 'client_request' };
    expect((await caller.get(`/families/${familyId}`)).body).toEqual(revoked);
  });

  it('a family unused for too long is shown as expired', async () => {
    const shortLived = await confidentialClient(app, { idleTtlSeconds: 60 });
    const { familyId } = await startFamily(app, shortLived);
    app.clock.advanceSeconds(59);
    expect((await caller.get(`/families/${familyId}`)).body.state).toBe('active');
    app.clock.advanceSeconds(1);
    expect((await caller.get(`/families/${familyId}`)).body.state).toBe('expired');
  });

  it('neither a family nor the list ever shows a refresh token or handle', async () => {
    const { familyId, refreshToken } = await startFamily(app, client, { subject: 'canary' });
    const successor = (await refresh(app, client, refreshToken)).body.refresh_token;
    const canaries = new Canaries();
    canaries.addRefreshToken('generation 0', refreshToken);
    canaries.addRefreshToken('generation 1', successor);
    for (const path of [
      `/families/${familyId}`,
      '/families?subject=canary',
      '/families?limit=200',
      '/audit?subject=canary',
    ]) {
      const { status, text } = await caller.get(path);
      expect(status).toBe(200);
      expect(canaries.leaksIn(text)).toEqual([]);
    }
  });

  it('a family cannot be looked up by its handle', async () => {
    const { refreshToken } = await startFamily(app, client);
    const hex = Buffer.from(refreshToken.slice(3), 'base64url').toString('hex', 1, 17);
    const handle = hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
    expect((await caller.get(`/families/${handle}`)).status).toBe(404);
  });
});

describe('the list of families', () => {
  const familyIds = (answer: Answer): string[] => column(answer, 'family_id');

  it('the family list filters by subject, client and state, alone and combined, newest first', async () => {
    const [one, two] = [await confidentialClient(app), await confidentialClient(app, { idleTtlSeconds: 60 })];
    const first = await startFamily(app, one, { subject: 'anna' });
    const second = await startFamily(app, two, { subject: 'anna' });
    const third = await startFamily(app, one, { subject: 'bert' });
    const fourth = await startFamily(app, one, { subject: 'anna' });
    await revoke(app, one, first.refreshToken);
    app.clock.advanceSeconds(61);
    caller = await admin(app);
    const of = async (query: string) => familyIds(await caller.get(`/families?${query}`));
    expect(await of('subject=anna')).toEqual([fourth.familyId, second.familyId, first.familyId]);
    expect(await of(`client_id=${one.clientId}`)).toEqual([fourth.familyId, third.familyId, first.familyId]);
    expect(await of(`subject=anna&client_id=${one.clientId}`)).toEqual([fourth.familyId, first.familyId]);
    expect(await of('subject=anna&state=active')).toEqual([fourth.familyId]);
    expect(await of('subject=anna&state=expired')).toEqual([second.familyId]);
    expect(await of('subject=anna&state=revoked')).toEqual([first.familyId]);
    expect(await of(`subject=bert&client_id=${two.clientId}`)).toEqual([]);
    for (const query of ['subject=ann', 'subject=ann%25', 'client_id=nobody']) {
      expect((await caller.get(`/families?${query}`)).status).toBe(404);
    }
    const { subject } = (await caller.post('/users', { username: 'Cleo' })).body;
    const fifth = await startFamily(app, one, { subject: subject as string });
    expect(await of('subject=cleo')).toEqual([fifth.familyId]);
  });

  it('the pages of the family list hold each family once, even while new ones are started', async () => {
    for (let i = 0; i < 7; i++) await startFamily(app, client, { subject: 'paged' });
    const before = familyIds(await caller.get('/families?subject=paged'));
    const found: string[] = [];
    let cursor = '';
    for (;;) {
      const page = await caller.get(`/families?subject=paged&limit=3${cursor}`);
      found.push(...familyIds(page));
      if (page.body.next_cursor === undefined) break;
      cursor = `&cursor=${page.body.next_cursor}`;
      await startFamily(app, client, { subject: 'paged' });
    }
    expect(found).toEqual(before);
  });
});

/** Subjects in the admin API: disabling and enabling. */
describe('the subjects', () => {
  let caller: Admin;
  let client: TestClient;

  beforeAll(async () => {
    caller = await admin(app);
    client = await confidentialClient(app);
  });
  afterEach(() => expect(serverErrors(app)).toEqual([]));

  describe('a disabled subject', () => {
    it('a disabled subject gets no token, its access tokens are revoked at once, and its families are suspended', async () => {
      const { refreshToken, familyId } = await startFamily(app, client, { subject: 'anna' });
      const { body } = await refresh(app, client, refreshToken);

      const answer = await caller.patch('/subjects/anna', { disabled: true });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ subject: 'anna', disabled: true });
      expect((await caller.get('/subjects/anna')).body).toEqual({ subject: 'anna', disabled: true });
      expect((await introspect(app, client, body.access_token)).body.active).toBe(false);
      expect((await refresh(app, client, body.refresh_token)).body.error).toBe('invalid_grant');
      expect((await caller.get(`/families/${familyId}`)).body.state).toBe('active');

      expect((await caller.patch('/subjects/anna', { disabled: false })).body.disabled).toBe(false);
      app.clock.advanceSeconds(3);
      const again = await refresh(app, client, body.refresh_token);
      expect(again.status).toBe(200);
      expect((await introspect(app, client, again.body.access_token)).body.active).toBe(true);
    });

    it('a disabled subject has no live access token of a replica whose clock is two minutes ahead', async () => {
      const { refreshToken } = await startFamily(app, client, { subject: 'ahead' });
      app.clock.advanceSeconds(120);
      const { body } = await refresh(app, client, refreshToken);
      app.clock.advanceSeconds(-120);
      await caller.patch('/subjects/ahead', { disabled: true });
      expect((await introspect(app, client, body.access_token)).body.active).toBe(false);
    });

    it('disabling a subject does not affect other subjects', async () => {
      const { refreshToken } = await startFamily(app, client, { subject: 'bert' });
      for (const other of ['ber', 'Bert']) {
        await startFamily(app, client, { subject: other });
        expect((await caller.patch(`/subjects/${other}`, { disabled: true })).status).toBe(200);
      }
      expect((await refresh(app, client, refreshToken)).status).toBe(200);
    });

    it('disabling and enabling a subject are in the audit log', async () => {
      await startFamily(app, client, { subject: 'carl' });
      const off = await caller.patch('/subjects/carl', { disabled: true });
      const on = await caller.patch('/subjects/carl', { disabled: false });
      const by = { subject: 'carl', actor: `client:${caller.client.clientId}` };
      expect(await auditOf(app, off)).toMatchObject([{ event: 'subject.disabled', ...by }]);
      expect(await auditOf(app, on)).toMatchObject([{ event: 'subject.enabled', ...by }]);
    });
  });

  describe('the name of a subject', () => {
    it.each(['a b/c', 'josé@example.com', '用户', '%2F', 'x'.repeat(255), 'ä'.repeat(255), '💥'.repeat(255), '?#&='])(
      'a subject may be %s',
      async (subject) => {
        await startFamily(app, client, { subject });
        const path = `/subjects/${encodeURIComponent(subject)}`;
        expect((await caller.patch(path, { disabled: true })).body).toEqual({ subject, disabled: true });
        expect((await caller.get(path)).body).toEqual({ subject, disabled: true });
      },
    );

    it.each(['client:abc', '%00', 'a%0Ab', 'x'.repeat(256), 'a%E2%80%8Bb'])(
      'a subject cannot be %s',
      async (subject) => {
        expect((await caller.patch(`/subjects/${subject}`, { disabled: true })).status).toBe(404);
        expect((await caller.get(`/subjects/${subject}`)).status).toBe(404);
      },
    );
  });

  describe('a name that nobody has', () => {
    it('an unknown subject is neither shown nor changed, and the answer names similar users', async () => {
      await caller.post('/users', { username: 'Theodora', claims: { name: 'T' } });
      for (const answer of [
        await caller.get('/subjects/theodra'),
        await caller.patch('/subjects/theodra', { disabled: true }),
      ]) {
        expect(answer.status).toBe(404);
        expect(answer.body.detail).toBe('There is no subject or user "theodra". Similar: "Theodora".');
      }
      const [{ n }] = await app.database.query(`SELECT count(*)::int AS n FROM subjects WHERE subject = 'theodra'`);
      expect(n).toBe(0);
      expect((await caller.get('/subjects/nobody')).body.detail).toBe('There is no subject or user "nobody".');
    });

    it('a username stands for its subject, and a subject comes before the username of somebody else', async () => {
      const [one, other] = [
        (await caller.post('/users', { username: 'ulrike' })).body.subject as string,
        (await caller.post('/users', { username: 'vera' })).body.subject as string,
      ];
      expect((await caller.get('/subjects/ULRIKE')).body).toEqual({ subject: one, disabled: false });
      await startFamily(app, client, { subject: 'vera' });
      expect((await caller.patch('/subjects/vera', { disabled: true })).body.subject).toBe('vera');
      expect((await caller.get(`/subjects/${other}`)).body.disabled).toBe(false);
    });

    it('a client is no subject to disable, but its events are found', async () => {
      expect((await caller.get(`/subjects/client:${client.clientId}`)).status).toBe(404);
      expect((await caller.get(`/audit?subject=client:${caller.client.clientId}`)).body.items).not.toEqual([]);
      expect((await caller.get('/audit?subject=client:nobody')).status).toBe(404);
    });
  });

  describe('a change of a subject', () => {
    beforeAll(() => startFamily(app, client, { subject: 'dora' }));

    it.each([{}, { disabled: null }, { disabled: 'true' }, { disabled: 1 }, { disabled: true, subject: 'other' }])(
      'a change of a subject cannot be %j',
      async (body) => {
        expect((await caller.patch('/subjects/dora', body)).status).toBe(400);
        expect((await caller.get('/subjects/dora')).body.disabled).toBe(false);
      },
    );
  });
});
