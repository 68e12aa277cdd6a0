/** Subjects in the admin API: disabling and enabling. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { admin, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { introspect, refresh } from '../support/requests.js';
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

describe('a disabled subject', () => {
  it('a disabled subject gets no token, its access tokens are revoked at once, and its families are suspended', async () => {
    const { refreshToken, sid } = await startFamily(app, client, { subject: 'anna' });
    const { body } = await refresh(app, client, refreshToken);

    const answer = await caller.patch('/subjects/anna', { disabled: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ subject: 'anna', disabled: true });
    expect((await caller.get('/subjects/anna')).body).toEqual({ subject: 'anna', disabled: true });
    expect((await introspect(app, client, body.access_token)).body.active).toBe(false);
    expect((await refresh(app, client, body.refresh_token)).body.error).toBe('invalid_grant');
    expect((await caller.get(`/families/${sid}`)).body.state).toBe('active');

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
    const by = { subject: 'carl', actor: `admin:${caller.client.clientId}` };
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

  it.each(['client:abc', '%00', 'a%0Ab', 'x'.repeat(256), 'a%E2%80%8Bb'])('a subject cannot be %s', async (subject) => {
    expect((await caller.patch(`/subjects/${subject}`, { disabled: true })).status).toBe(404);
    expect((await caller.get(`/subjects/${subject}`)).status).toBe(404);
  });
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
