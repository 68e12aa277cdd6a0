/** Clients, secrets and refresh tokens that another server made. */
import { createHash } from 'node:crypto';
import { hashSync } from '@node-rs/bcrypt';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PasswordHasher } from '../../src/passwords/password-hasher.service.js';
import { admin, wrongFields, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { confidentialClient, publicClient, type TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { introspect, postAs, refresh, revoke, send, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;
let client: TestClient;
let count = 0;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const newToken = (): string => `legacy.token.of-another_server/${++count}`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const adopt = (changes: object = {}, of: TestClient = client): Promise<Answer> =>
  caller.post('/families', { client_id: of.clientId, subject: 'u1', scope: 'a b', ...changes });

const registration = {
  name: 'Old shop',
  type: 'confidential',
  scopes: ['a'],
  grant_types: ['refresh_token', 'client_credentials'],
};

it('the example of RFC 6749 §6 refreshes, with the client, the secret and the token that it shows', async () => {
  const registered = await caller.post('/clients', {
    ...registration,
    client_id: 's6BhdRkqt3',
    client_secret: 'gX1fBat3bV',
  });
  expect(registered.status).toBe(201);
  expect(registered.body.client_secret).toBeUndefined();
  const token = 'tGzv3JOkF0XG5Qx2TlKWIA';
  expect((await adopt({ client_id: 's6BhdRkqt3', scope: 'a', refresh_token: token })).status).toBe(201);

  const answer = await send(`${app.url}/token`, {
    method: 'POST',
    headers: {
      authorization: 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA',
  });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'a', refresh_token: expect.stringMatching(/^rt_/) });
});

describe('a refresh token of another server', () => {
  it('its first refresh rotates it into one of ours; after a lost response the same request gets the same successor', async () => {
    const token = newToken();
    const { body } = await adopt({ refresh_token: token });
    expect(body.refresh_token).toBeUndefined();
    const first = await refresh(app, client, token);
    const retried = await refresh(app, client, token);
    expect([first.status, retried.status]).toEqual([200, 200]);
    expect(retried.body.refresh_token).toBe(first.body.refresh_token);
    expect((await refresh(app, client, first.body.refresh_token)).status).toBe(200);
    expect((await caller.get(`/families/${body.family_id}`)).body).toMatchObject({
      subject: 'u1',
      scope: 'a b',
      generation: 2,
    });
  });

  it('sixteen refreshes at once get one successor', async () => {
    const token = newToken();
    await adopt({ refresh_token: token });
    const answers = await Promise.all(Array.from({ length: 16 }, () => refresh(app, client, token)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  });

  it('used again after the retry window, it is reuse, and the family is revoked', async () => {
    const token = newToken();
    const { body } = await adopt({ refresh_token: token });
    const first = await refresh(app, client, token);
    app.clock.advanceSeconds(61);
    expectError(await refresh(app, client, token), 400, 'invalid_grant');
    expectError(await refresh(app, client, first.body.refresh_token), 400, 'invalid_grant');
    caller = await admin(app);
    expect((await caller.get(`/families/${body.family_id}`)).body.state).toBe('revoked');
  });

  it('only its SHA-256 need be known, in either case of letters', async () => {
    const [one, other] = [newToken(), newToken()];
    await adopt({ refresh_token_sha256: sha256(one) });
    await adopt({ refresh_token_sha256: sha256(other).toUpperCase() });
    expect((await refresh(app, client, one)).status).toBe(200);
    expect((await refresh(app, client, other)).status).toBe(200);
  });

  it('another client cannot use it, and the family stays', async () => {
    const token = newToken();
    await adopt({ refresh_token: token });
    for (const other of [await confidentialClient(app), await publicClient(app)]) {
      expectError(await refresh(app, other, token), 400, 'invalid_grant');
    }
    expect((await refresh(app, client, token)).status).toBe(200);
  });

  it('is introspected and revoked like one of ours, before its first refresh and after', async () => {
    const [one, other] = [newToken(), newToken()];
    await adopt({ refresh_token: one });
    await adopt({ refresh_token: other });
    expect((await introspect(app, client, one)).body).toMatchObject({ active: true, sub: 'u1', scope: 'a b' });
    expect((await introspect(app, client, newToken())).text).toBe('{"active":false}');
    expect((await revoke(app, client, one)).status).toBe(200);
    expectError(await refresh(app, client, one), 400, 'invalid_grant');

    const { body } = await refresh(app, client, other);
    expect((await introspect(app, client, other)).text).toBe('{"active":false}');
    await revoke(app, client, other);
    expectError(await refresh(app, client, body.refresh_token), 400, 'invalid_grant');
  });

  it('ends when its own server would have ended it, and never later than the client’s policy', async () => {
    const soon = new Date(app.clock.now() + 60_000).toISOString();
    const [short, long] = [newToken(), newToken()];
    expect((await adopt({ refresh_token: short, idle_expires_at: soon })).body.expires_at).toBe(soon);
    const { body } = await adopt({ refresh_token: long, absolute_expires_at: '2099-01-01T00:00:00Z' });
    expect(Date.parse(body.expires_at as string)).toBeLessThan(Date.parse('2099-01-01T00:00:00Z'));
    app.clock.advanceSeconds(60);
    caller = await admin(app);
    expectError(await refresh(app, client, short), 400, 'invalid_grant');
    expect((await refresh(app, client, long)).status).toBe(200);
  });

  it('is imported once, and the event is in the audit log without it', async () => {
    const token = newToken();
    const answer = await adopt({ refresh_token: token });
    expect((await adopt({ refresh_token_sha256: sha256(token) })).body).toMatchObject({
      status: 409,
      code: 'conflict',
    });
    const events = await auditOf(app, answer);
    expect(events).toMatchObject([{ event: 'family.imported', subject: 'u1', client_id: client.clientId }]);
    expect(JSON.stringify([events, app.logs])).not.toContain(token);
    expect(JSON.stringify([events, app.logs])).not.toContain(sha256(token));
  });

  it.each<[string, object, string]>([
    ['neither token nor hash', { idle_expires_at: '2099-01-01T00:00:00Z' }, 'refresh_token'],
    ['both', { refresh_token: 'x', refresh_token_sha256: sha256('x') }, 'refresh_token'],
    ['a token of ours', { refresh_token: `rt_${'A'.repeat(60)}` }, 'refresh_token'],
    ['a token with a line end', { refresh_token: 'a\nb' }, 'refresh_token'],
    ['an empty token', { refresh_token: '' }, 'refresh_token'],
    ['a hash of 63 digits', { refresh_token_sha256: '0'.repeat(63) }, 'refresh_token_sha256'],
    ['an expiry in the past', { refresh_token: 'x', idle_expires_at: '2020-01-01T00:00:00Z' }, 'idle_expires_at'],
    ['a scope beyond the client', { refresh_token: 'x', scope: 'a z' }, 'scope'],
    ['a subject of a client', { refresh_token: 'x', subject: 'client:x' }, 'subject'],
    ['an unknown client', { refresh_token: 'x', client_id: 'nobody' }, 'client_id'],
  ])('%s is refused', async (_, changes, field) => {
    const answer = await adopt(changes);
    expect([answer.status, wrongFields(answer)]).toEqual([400, [field]]);
  });
});

describe('an import of many families', () => {
  const importing = (families: unknown): Promise<Answer> => caller.post('/families/import', families);
  const item = (refresh_token: string, changes: object = {}) => ({
    client_id: client.clientId,
    subject: `imported-${refresh_token.length}`,
    scope: 'a',
    refresh_token,
    ...changes,
  });

  it('a broken item stops no other, and the same list may be imported again', async () => {
    const [one, other] = [newToken(), newToken()];
    const list = [item(one), item(one), item('x', { scope: 'z' }), 5, item(other), { client_id: 'x' }];
    const first = await importing(list);
    expect(first.status).toBe(200);
    expect((first.body.results as { result: string }[]).map(({ result }) => result)).toEqual([
      'created',
      'exists',
      'invalid',
      'invalid',
      'created',
      'invalid',
    ]);
    expect(first.body.results[2].errors).toEqual([
      { field: 'scope', detail: 'scope must be within the scopes of the client' },
    ]);
    expect((await refresh(app, client, one)).status).toBe(200);
    const again = await importing({ families: [item(one), item(other)] });
    expect(again.body.results).toEqual([
      { index: 0, result: 'exists' },
      { index: 1, result: 'exists' },
    ]);
    expect((await refresh(app, client, other)).status).toBe(200);
  });

  it('two imports of the same list at once store each family once', async () => {
    const list = Array.from({ length: 40 }, () => item(newToken()));
    const answers = await Promise.all([importing(list), importing([...list].reverse()), importing(list)]);
    const created = answers.flatMap(({ body }) => body.results as { result: string }[]);
    expect(created.filter(({ result }) => result === 'created')).toHaveLength(40);
  });

  it('a disabled subject is not imported', async () => {
    await adopt({ refresh_token: newToken(), subject: 'gone' });
    await caller.patch('/subjects/gone', { disabled: true });
    const { body } = await importing([item(newToken(), { subject: 'gone' })]);
    expect(body.results).toMatchObject([{ result: 'invalid', errors: [{ detail: 'The subject is disabled.' }] }]);
  });
});

describe('a client of another server', () => {
  const authenticates = async (clientId: string, secret: string): Promise<number> =>
    (
      await postAs({ clientId, secret, method: 'client_secret_basic' }, `${app.url}/token`, {
        grant_type: 'client_credentials',
      })
    ).status;

  it.each([
    ['bcrypt, as Hydra has it', hashSync('legacy secret', { cost: 4 })],
    [
      'PBKDF2, as Hydra has it',
      '$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$65rxlWTYV43+MhRAwOFEb4GM3tHtbHoDVTKbJ7wwWGU',
    ],
  ])(
    'a secret whose %s hash is known authenticates, and is kept as ours from then on',
    async (kind, client_secret_hash) => {
      const client_id = `by ${kind}`;
      const registered = await caller.post('/clients', { ...registration, client_id, client_secret_hash });
      expect([registered.status, registered.body.client_secret]).toEqual([201, undefined]);
      expect(await authenticates(client_id, 'wrong')).toBe(401);
      const hash = async () =>
        (await app.database.query('SELECT imported_hash FROM client_secrets WHERE client_id = $1', [client_id]))[0];
      expect(await hash()).toEqual({ imported_hash: client_secret_hash });
      const answers = await Promise.all(Array.from({ length: 8 }, () => authenticates(client_id, 'legacy secret')));
      expect(answers).toEqual(answers.map(() => 200));
      expect(await hash()).toEqual({ imported_hash: null });
      expect(await authenticates(client_id, 'legacy secret')).toBe(200);
      expect(await authenticates(client_id, 'wrong')).toBe(401);
      const path = `/clients/${encodeURIComponent(client_id)}/secrets`;
      expect((await caller.get(path)).body.items).toMatchObject([{ imported: true }]);
      expect((await caller.post(path, {})).body.client_secret).toMatch(/^[\w-]{43}$/);
    },
  );

  it('a wrong secret is hashed no more once its source is blocked', async () => {
    const client_id = 'guessed';
    await caller.post('/clients', { ...registration, client_id, client_secret_hash: hashSync('right', { cost: 4 }) });
    const statuses: number[] = [];
    for (let index = 0; index < 60; index += 1) statuses.push(await authenticates(client_id, `guess ${index}`));
    expect(statuses).toContain(429);
    const verify = jest.spyOn(app.nest.get(PasswordHasher, { strict: false }), 'verify');
    expect(await authenticates(client_id, 'right')).toBe(429);
    expect(verify).not.toHaveBeenCalled();
    verify.mockRestore();
  });

  it('its id is its own, and stays taken', async () => {
    expect((await caller.post('/clients', { ...registration, client_id: 'mine' })).body.client_id).toBe('mine');
    expect((await caller.post('/clients', { ...registration, client_id: 'mine' })).body).toMatchObject({
      status: 409,
      detail: 'The client_id is taken.',
    });
    await caller.delete('/clients/mine');
    expect((await caller.post('/clients', { ...registration, client_id: 'mine' })).status).toBe(409);
  });

  it.each<[object, string]>([
    [{ client_id: 'müller' }, 'client_id'],
    [{ client_id: ' a' }, 'client_id'],
    [{ client_secret: 'a\u0007' }, 'client_secret'],
    [{ client_secret: 'ü' }, 'client_secret'],
    [{ client_secret_hash: 'plain' }, 'client_secret_hash'],
    [{ client_secret_hash: '$2b$31$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22' }, 'client_secret_hash'],
    [{ client_secret: 'a', client_secret_hash: hashSync('a', { cost: 4 }) }, 'client_secret_hash'],
    [{ type: 'public', grant_types: ['refresh_token'], client_secret: 'a' }, 'client_secret'],
  ])('%j is refused', async (changes, field) => {
    const answer = await caller.post('/clients', { ...registration, ...changes });
    expect([answer.status, wrongFields(answer)]).toEqual([400, [field]]);
  });
});
