/** The admin API shows no secret a second time, and logs none. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { admin, callAdmin, type Admin } from '../support/admin.js';
import { Canaries } from '../support/canaries.js';
import { basic, refresh, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;
let clientId: string;
let sid: string;
const canaries = new Canaries();

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
  canaries.add('admin token', caller.token);
  canaries.addCredentials('admin', caller.client.clientId, caller.client.secret!);

  const { body: client } = await caller.post('/clients', { name: 'Canary', type: 'confidential', scopes: ['a'] });
  clientId = client.client_id as string;
  canaries.addCredentials('client', clientId, client.client_secret as string);
  const { body: secret } = await caller.post(`/clients/${clientId}/secrets`, {});
  canaries.addCredentials('second secret', clientId, secret.client_secret as string);
  for (const { digest } of await app.database.query<{ digest: Buffer }[]>('SELECT digest FROM client_secrets')) {
    canaries.add('digest', digest.toString('base64url'));
    canaries.add('digest', digest.toString('hex'));
  }

  const { body: family } = await caller.post('/families', { client_id: clientId, subject: 'canary', scope: 'a' });
  sid = family.sid as string;
  canaries.addRefreshToken('first refresh token', family.refresh_token as string);
  const as = { clientId, secret: client.client_secret as string, method: 'client_secret_basic' } as const;
  const { body: refreshed } = await refresh(app, as, family.refresh_token as string);
  canaries.addRefreshToken('refresh token', refreshed.refresh_token as string);
  canaries.add('access token', refreshed.access_token as string);
});
afterAll(() => app.close());

it('no list or resource of the admin API contains a secret', async () => {
  const answers = [
    await caller.get('/clients?limit=200'),
    await caller.get(`/clients/${clientId}`),
    await caller.get(`/clients/${clientId}/secrets`),
    await caller.patch(`/clients/${clientId}`, { name: 'Canary still' }),
    await caller.get('/families?limit=200'),
    await caller.get(`/families/${sid}`),
    await caller.post('/revocations', { kind: 'client', value: clientId, reason: 'x', dry_run: true }),
    await caller.post('/revocations', { kind: 'family', value: sid, reason: 'x' }),
    await caller.get('/revocations?limit=200'),
    await caller.patch('/subjects/canary', { disabled: true }),
    await caller.get('/subjects/canary'),
    await caller.get('/audit?limit=200'),
    await caller.post('/keys/rotations', {}),
    await caller.get('/keys'),
  ];
  expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
  for (const { text, headers } of answers) {
    expect(canaries.leaksIn(text)).toEqual([]);
    expect(canaries.leaksIn(JSON.stringify([...headers]))).toEqual([]);
  }
});

it('no error of the admin API repeats a secret, wherever it was sent', async () => {
  const secret = caller.client.secret!;
  const answers: Answer[] = [
    await callAdmin(app, 'GET', '/clients', { authorization: `Bearer ${secret}` }),
    await callAdmin(app, 'GET', '/clients', basic(caller.client)),
    await callAdmin(app, 'GET', `/clients?access_token=${caller.token}`, {}),
    await caller.get(`/clients?cursor=${secret}`),
    await caller.get(`/clients/${secret}`),
    await caller.get(`/families/${secret}`),
    await caller.get(`/nothing/${secret}`),
    await caller.post('/clients', { name: 'x', type: secret }),
    await caller.post('/clients', { name: [secret], type: 'public' }),
    await caller.post('/clients', `{"name":"${secret}`),
    await caller.post('/revocations', { kind: 'token', value: caller.token, reason: 'x' }),
    await caller.post('/revocations', { kind: 'family', value: secret, reason: 'x' }),
    await caller.delete(`/keys/${secret}`),
    await caller.delete(`/clients/${clientId}/secrets/${secret}`),
  ];
  for (const { status, text } of answers) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(canaries.leaksIn(text)).toEqual([]);
  }
});

it('the log contains no secret, at any level', () => {
  expect(app.logs.length).toBeGreaterThan(20);
  expect(canaries.leaksIn(app.logs.join(''))).toEqual([]);
});
