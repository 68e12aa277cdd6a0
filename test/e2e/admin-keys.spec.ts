/** Signing keys in the admin API: rotated ahead of schedule, and retired when they have leaked. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { accessToken, admin, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { confidentialClient, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { introspect, send } from '../support/requests.js';
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

const HOUR_SECONDS = 3600;

interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: string;
}

const allKeys = async (): Promise<Key[]> => (await caller.get('/keys')).body.items;

/** The keys of access tokens. */
const keys = async (): Promise<Key[]> => (await allKeys()).filter(({ algorithm }) => algorithm === 'ES256');

const published = async (): Promise<string[]> =>
  ((await send(`${app.url}/jwks`)).body.keys as { kid: string; alg: string }[])
    .filter(({ alg }) => alg === 'ES256')
    .map(({ kid }) => kid);

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

it('there is initially one signing key per algorithm', async () => {
  const [key, ...others] = await keys();
  expect(others).toEqual([]);
  expect(key).toEqual({
    kid: kidOf(caller.token),
    algorithm: 'ES256',
    state: 'signing',
    active_from: expect.any(String),
  });
  expect((await allKeys()).map(({ algorithm, state }) => [algorithm, state]).sort()).toEqual([
    ['ES256', 'signing'],
    ['RS256', 'signing'],
  ]);
});

it('a rotation publishes the next keys, which sign an hour later', async () => {
  const [before] = await keys();
  const answer = await caller.post('/keys/rotations', {});
  expect(answer.status).toBe(200);
  const [change, other] = answer.body.changes;
  const active_from = new Date(app.clock.now() + 3_600_000).toISOString();
  expect(answer.body.changes).toEqual([
    { change: 'signing_key_created', kid: change.kid, algorithm: 'ES256', active_from },
    { change: 'signing_key_created', kid: other.kid, algorithm: 'RS256', active_from },
  ]);
  expect((await keys()).map(({ kid, state }) => ({ kid, state }))).toEqual([
    { kid: change.kid, state: 'next' },
    { kid: before!.kid, state: 'signing' },
  ]);
  expect((await published()).sort()).toEqual([before!.kid, change.kid].sort());
  expect(kidOf(await accessToken(app, client))).toBe(before!.kid);

  app.clock.advanceSeconds(HOUR_SECONDS);
  caller = await admin(app);
  expect(kidOf(caller.token)).toBe(change.kid);
  expect((await keys()).map(({ state }) => state)).toEqual(['signing', 'verifying']);
});

it('a rotation request may have an empty body', async () => {
  expect((await caller.post('/keys/rotations')).status).toBe(200);
});

it('a rotation may be limited to one algorithm', async () => {
  app.clock.advanceSeconds(2 * HOUR_SECONDS);
  caller = await admin(app);
  const before = await keys();
  const answer = await caller.post('/keys/rotations', { algorithm: 'RS256' });
  expect(answer.body.changes).toMatchObject([{ change: 'signing_key_created', algorithm: 'RS256' }]);
  expect(await keys()).toEqual(before);
});

it('a rotation of an algorithm that is not in use is refused', async () => {
  const answer = await caller.post('/keys/rotations', { algorithm: 'PS256' });
  expect(answer.status).toBe(400);
  expect(answer.body.errors).toEqual([{ field: 'algorithm', detail: 'algorithm must be one of ES256, RS256' }]);
});

it('a second rotation does not create further keys', async () => {
  await caller.post('/keys/rotations', {});
  const again = await caller.post('/keys/rotations', {});
  expect(again.body).toEqual({ changes: [] });
  expect(await auditOf(app, again)).toEqual([]);
});

it('an immediate rotation makes the next key sign at once, and the old one still verifies', async () => {
  const old = await accessToken(app, client);
  const answer = await caller.post('/keys/rotations', { immediately: true });
  app.clock.advance(1);
  const fresh = await accessToken(app, client);
  expect(kidOf(fresh)).toBe(answer.body.changes[0].kid);
  expect(kidOf(fresh)).not.toBe(kidOf(old));
  expect((await introspect(app, client, old)).body.active).toBe(true);
  expect((await introspect(app, client, fresh)).body.active).toBe(true);
  expect(await auditOf(app, answer)).toMatchObject([
    {
      event: 'key.rotated',
      actor: `client:${caller.client.clientId}`,
      detail: { changes: [{ kid: kidOf(fresh), algorithm: 'ES256' }, { algorithm: 'RS256' }] },
    },
  ]);
});

it('a retired key verifies no more and leaves the JWKS, and another key signs', async () => {
  const before = (caller = await admin(app));
  const stolen = await accessToken(app, client);
  const kid = kidOf(stolen)!;
  const answer = await caller.delete(`/keys/${kid}`);
  expect(answer.status).toBe(204);
  expect((await introspect(app, client, stolen)).body.active).toBe(false);
  expect(await published()).not.toContain(kid);

  // The admin's own token was signed with it.
  expect((await caller.get('/keys')).status).toBe(401);
  app.clock.advance(1);
  caller = await admin(app);
  expect(kidOf(caller.token)).not.toBe(kid);
  expect(await keys()).toContainEqual(expect.objectContaining({ kid, state: 'retired' }));
  const [event, ...others] = await auditOf(app, answer);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ event: 'key.retired', actor: `client:${before.client.clientId}` });
  expect(event!.detail!.changes).toContainEqual({ change: 'signing_key_retired', kid });
  expect((await caller.delete(`/keys/${kid}`)).status).toBe(404);
});

it.each(['nothing', '%00', 'rotations'])('an unknown key cannot be retired: %s', async (kid) => {
  expect((await caller.delete(`/keys/${kid}`)).status).toBe(404);
});

it.each([{ immediately: 'true' }, { immediately: null }, { kid: 'x' }, { algorithm: 'HS256' }, { algorithm: null }])(
  'a rotation request cannot have %j',
  async (body) => {
    const before = await keys();
    expect((await caller.post('/keys/rotations', body)).status).toBe(400);
    expect(await keys()).toEqual(before);
  },
);

it('concurrent rotations create one key per algorithm', async () => {
  app.clock.advanceSeconds(2 * HOUR_SECONDS);
  caller = await admin(app);
  const before = (await keys()).length;
  const answers = await Promise.all(Array.from({ length: 4 }, () => caller.post('/keys/rotations', {})));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(answers.flatMap(({ body }) => body.changes)).toHaveLength(2);
  expect(await keys()).toHaveLength(before + 1);
});

it('no response contains any part of a private key', async () => {
  const [{ encrypted_private_key: sealed }] = await app.database.query(
    'SELECT encrypted_private_key FROM signing_keys',
  );
  for (const { text } of [
    await caller.get('/keys'),
    await caller.get('/audit?limit=200'),
    await send(`${app.url}/jwks`),
  ]) {
    expect(text).not.toMatch(/"(d|p|q|dp|dq|qi|k)":|PRIVATE|encrypted/);
    expect(text).not.toContain((sealed as Buffer).toString('base64url').slice(0, 20));
  }
});
