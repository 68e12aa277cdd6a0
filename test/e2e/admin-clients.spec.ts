/** Clients and their secrets in the admin API, and the effect of changes on existing tokens. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import { accessToken, admin, column, wrongFields, type Admin } from '../support/admin.js';
import { ClientDirectory } from '../../src/clients/client-directory.service.js';
import { RevocationTracker } from '../../src/revocation/revocation-tracker.js';
import { auditOf } from '../support/audit-trail.js';
import { startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { introspect, postAs, refresh, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const SHOP = {
  name: 'Shop',
  type: 'confidential',
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['refresh_token', 'client_credentials'],
  scopes: ['a', 'b', 'c'],
};

/** A client registered through the API, ready to send requests. */
async function register(changes: object = {}): Promise<TestClient> {
  const { status, body } = await caller.post('/clients', { ...SHOP, ...changes });
  expect(status).toBe(201);
  return { clientId: body.client_id, secret: body.client_secret, method: body.token_endpoint_auth_method };
}

const isActive = async (client: TestClient, token: string): Promise<boolean> =>
  (await introspect(app, client, token)).body.active;

describe('a new client', () => {
  it('a new client gets an id and a secret of 256 random bits, which is shown once', async () => {
    const { status, body } = await caller.post('/clients', SHOP);
    expect(status).toBe(201);
    expect(body.client_secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { client_secret: _, secret_id: __, ...shown } = body;
    expect((await caller.get(`/clients/${body.client_id}`)).body).toEqual(shown);
  });

  it('a new client can get tokens at once', async () => {
    const client = await register();
    expect((await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' })).status).toBe(200);
  });

  it('a new client has the defaults for settings that are not given', async () => {
    const { body } = await caller.post('/clients', { name: 'Plain', type: 'confidential' });
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      strict: false,
      grant_types: ['refresh_token'],
      scopes: [],
      unknown_scopes: 'ignore',
      audience: [],
      access_token_format: 'jwt',
      access_token_typ: 'at+jwt',
      access_token_ttl_seconds: 600,
      refresh: {
        rotation: 'always',
        retry_window_seconds: 60,
        idle_ttl_seconds: 2_592_000,
        absolute_ttl_seconds: 31_536_000,
        reuse_response: 'revoke_family',
        scope_narrowing: 'request',
      },
      may_introspect: false,
      redirect_uris: [],
      post_logout_redirect_uris: [],
      allowed_origins: [],
      require_pkce: true,
      first_party: false,
      id_token_signed_response_alg: 'RS256',
      user_claims_in_id_token: false,
      disabled: false,
    });
    expect(body).not.toHaveProperty('backchannel_logout_uri');
  });

  it('a new client has exactly the settings that were given', async () => {
    const everything = {
      name: 'Everything — ünïcode 💥',
      type: 'confidential',
      token_endpoint_auth_method: 'client_secret_post',
      strict: true,
      grant_types: ['client_credentials', 'authorization_code'],
      scopes: ['z', 'a', 'urn:example:x'],
      unknown_scopes: 'refuse',
      audience: ['https://api.example.com'],
      access_token_format: 'opaque',
      access_token_typ: 'JWT',
      access_token_ttl_seconds: 10,
      refresh: {
        rotation: 'never',
        retry_window_seconds: 0,
        idle_ttl_seconds: 60,
        absolute_ttl_seconds: 120,
        reuse_response: 'report_only',
        scope_narrowing: 'sticky',
      },
      may_introspect: true,
      redirect_uris: ['https://shop.example.com/cb?a=1&b=%C3%BC', 'http://127.0.0.1/cb'],
      post_logout_redirect_uris: ['https://shop.example.com'],
      allowed_origins: ['https://shop.example.com'],
      require_pkce: false,
      first_party: true,
      id_token_signed_response_alg: 'ES256',
      user_claims_in_id_token: true,
      backchannel_logout_uri: 'https://shop.example.com/logout',
    };
    const { body } = await caller.post('/clients', everything);
    expect(body).toMatchObject(everything);
    expect((await caller.get(`/clients/${body.client_id}`)).body).toMatchObject(everything);
  });

  it('a rotating client without a grace period is registered and changed with a hint, and the log names it', async () => {
    const withWindow = (seconds: number) => ({ ...SHOP, refresh: { retry_window_seconds: seconds } });
    const registered = await caller.post('/clients', withWindow(0));
    expect(registered.headers.get('rekey-hint')).toContain('RFC 9700 section 4.14.2');
    const id = registered.headers.get('x-correlation-id')!;
    expect(app.logs.filter((line) => line.includes(id) && line.includes('"hint":"no_grace_period"'))).toHaveLength(1);
    const changed = await caller.patch(`/clients/${registered.body.client_id}`, { name: 'Still strict' });
    expect(changed.headers.has('rekey-hint')).toBe(true);
    expect((await caller.post('/clients', withWindow(1))).headers.has('rekey-hint')).toBe(false);
  });

  it('a new public client has no secret and needs no explicit auth method', async () => {
    const { status, body } = await caller.post('/clients', { name: 'App', type: 'public' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ type: 'public', token_endpoint_auth_method: 'none' });
    expect(body).not.toHaveProperty('client_secret');
    expect(body).not.toHaveProperty('secret_id');
  });

  it('a registration is in the audit log with the name of the admin', async () => {
    const answer = await caller.post('/clients', SHOP);
    expect(await auditOf(app, answer)).toMatchObject([
      { event: 'client.created', client_id: answer.body.client_id, actor: `client:${caller.client.clientId}` },
    ]);
  });
});

describe('the sign-in settings of a client', () => {
  const WEB = {
    ...SHOP,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://shop.example.com/cb'],
    backchannel_logout_uri: 'https://shop.example.com/logout',
  };
  const APP = {
    name: 'App',
    type: 'public',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['com.example.app:/cb'],
  };

  it('the sign-in settings are stored for confidential and public clients', async () => {
    for (const registration of [WEB, APP]) {
      const { status, body } = await caller.post('/clients', registration);
      expect(status).toBe(201);
      expect(body).toMatchObject(registration);
    }
  });

  it('the sign-in settings can be changed one by one', async () => {
    const { clientId } = await register(WEB);
    for (const change of [
      { redirect_uris: ['https://shop.example.com/a', 'https://shop.example.com/b'] },
      { post_logout_redirect_uris: ['https://shop.example.com/out'] },
      { require_pkce: false },
      { first_party: true },
      { id_token_signed_response_alg: 'ES256' },
      { backchannel_logout_uri: 'https://shop.example.com/other' },
    ]) {
      const { body: before } = await caller.get(`/clients/${clientId}`);
      const { status, body } = await caller.patch(`/clients/${clientId}`, change);
      expect(status).toBe(200);
      expect(body).toEqual({ ...before, ...change, updated_at: expect.any(String) });
    }
  });

  it('changed sign-in settings apply to the next request', async () => {
    const { clientId } = await register(WEB);
    const clients = app.nest.get(ClientDirectory, { strict: false });
    expect((await clients.find(clientId))!.redirectUris).toEqual(WEB.redirect_uris);
    await caller.patch(`/clients/${clientId}`, { redirect_uris: ['https://shop.example.com/new'] });
    expect((await clients.find(clientId))!.redirectUris).toEqual(['https://shop.example.com/new']);
  });

  it('the back-channel logout URI is removed only by null', async () => {
    const { clientId } = await register(WEB);
    expect((await caller.patch(`/clients/${clientId}`, { name: 'New' })).body).toHaveProperty('backchannel_logout_uri');
    expect((await caller.patch(`/clients/${clientId}`, { backchannel_logout_uri: '' })).status).toBe(400);
    const { status, body } = await caller.patch(`/clients/${clientId}`, { backchannel_logout_uri: null });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('backchannel_logout_uri');
    expect((await caller.post('/clients', { ...WEB, backchannel_logout_uri: null })).status).toBe(201);
  });

  it.each<[object, string]>([
    [{ redirect_uris: 'https://shop.example.com/cb' }, 'redirect_uris'],
    [{ redirect_uris: null }, 'redirect_uris'],
    [{ redirect_uris: [1] }, 'redirect_uris'],
    [{ redirect_uris: [null] }, 'redirect_uris'],
    [{ redirect_uris: [] }, 'redirect_uris'],
    [{ redirect_uris: ['https://shop.example.com/cb', 'https://shop.example.com/cb'] }, 'redirect_uris'],
    [{ redirect_uris: Array.from({ length: 51 }, (_, i) => `https://shop.example.com/${i}`) }, 'redirect_uris'],
    [{ redirect_uris: ['http://shop.example.com/cb'] }, 'redirect_uris'],
    [{ redirect_uris: ['JaVaScRiPt:alert(1)'] }, 'redirect_uris'],
    [{ redirect_uris: ['https://*.example.com/cb'] }, 'redirect_uris'],
    [{ redirect_uris: ['https://shop.example.com/cb\0'] }, 'redirect_uris'],
    [{ redirect_uris: ['com.example.app:/cb'] }, 'redirect_uris'],
    [{ redirect_uris: ['https://shop.example.com/cb', `https://x/${'x'.repeat(2000)}`] }, 'redirect_uris'],
    [{ post_logout_redirect_uris: ['https://shop.example.com/#out'] }, 'post_logout_redirect_uris'],
    [{ post_logout_redirect_uris: {} }, 'post_logout_redirect_uris'],
    [{ require_pkce: 'false' }, 'require_pkce'],
    [{ require_pkce: null }, 'require_pkce'],
    [{ first_party: 1 }, 'first_party'],
    [{ id_token_signed_response_alg: 'none' }, 'id_token_signed_response_alg'],
    [{ id_token_signed_response_alg: 'HS256' }, 'id_token_signed_response_alg'],
    [{ id_token_signed_response_alg: 'EdDSA' }, 'id_token_signed_response_alg'],
    [{ id_token_signed_response_alg: null }, 'id_token_signed_response_alg'],
    [{ backchannel_logout_uri: 'http://shop.example.com/logout' }, 'backchannel_logout_uri'],
    [{ backchannel_logout_uri: 'https://user:pw@shop.example.com/logout' }, 'backchannel_logout_uri'],
    [{ backchannel_logout_uri: ['https://shop.example.com/logout'] }, 'backchannel_logout_uri'],
    [{ backchannel_logout_uri: false }, 'backchannel_logout_uri'],
  ])(
    'an invalid sign-in setting is refused at registration and on change, with the name of its field: %j',
    async (bad, field) => {
      const { clientId } = await register(WEB);
      const { body: before } = await caller.get(`/clients/${clientId}`);
      const answers = [
        await caller.post('/clients', { ...WEB, ...bad }),
        await caller.patch(`/clients/${clientId}`, bad),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(400);
        expect(wrongFields(answer)).toContain(field);
      }
      expect((await caller.get(`/clients/${clientId}`)).body).toEqual(before);
    },
  );

  it.each<[object, string]>([
    [{ require_pkce: false }, 'require_pkce'],
    [{ first_party: true }, 'first_party'],
    [{ first_party: true, redirect_uris: ['http://127.0.0.1/cb'] }, 'first_party'],
    [{ redirect_uris: ['myapp:/cb'] }, 'redirect_uris'],
    [{ redirect_uris: [] }, 'redirect_uris'],
  ])('a sign-in setting that is invalid for a public client is refused: %j', async (bad, field) => {
    const { body: registered } = await caller.post('/clients', APP);
    for (const answer of [
      await caller.post('/clients', { ...APP, ...bad }),
      await caller.patch(`/clients/${registered.client_id}`, bad),
    ]) {
      expect(answer.status).toBe(400);
      expect(wrongFields(answer)).toEqual([field]);
    }
  });

  it('a changed setting is validated together with the existing ones', async () => {
    const { body } = await caller.post('/clients', { ...APP, redirect_uris: ['https://app.example.com/cb'] });
    const change = (changes: object) => caller.patch(`/clients/${body.client_id}`, changes);
    expect((await change({ first_party: true })).status).toBe(200);
    expect(wrongFields(await change({ redirect_uris: ['com.example.app:/cb'] }))).toEqual(['first_party']);
    expect((await change({ first_party: false, redirect_uris: ['com.example.app:/cb'] })).status).toBe(200);
  });

  it('no error message repeats the invalid value', async () => {
    const answer = await caller.post('/clients', {
      ...WEB,
      redirect_uris: ['canary-4711:x', 'https://canary-4711/#', 'https://canary-4711:pw@shop.example.com/'],
    });
    expect(answer.body.errors).toHaveLength(3);
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  it('a client with settings that are no longer valid here can still be disabled', async () => {
    const { clientId } = await register(WEB);
    await app.database.query(`UPDATE clients SET id_token_signed_response_alg = 'PS256' WHERE client_id = $1`, [
      clientId,
    ]);
    expect(wrongFields(await caller.patch(`/clients/${clientId}`, { name: 'New' }))).toEqual([
      'id_token_signed_response_alg',
    ]);
    const { status, body } = await caller.patch(`/clients/${clientId}`, { disabled: true });
    expect({ status, disabled: body.disabled }).toEqual({ status: 200, disabled: true });
  });
});

describe('the list of clients', () => {
  it('the pages of the client list together hold each client once, ordered by id', async () => {
    for (let i = 0; i < 5; i++) await register();
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await caller.get(`/clients?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      expect(page.body.items.length).toBeLessThanOrEqual(2);
      ids.push(...column(page, 'client_id'));
      cursor = page.body.next_cursor;
    } while (cursor !== undefined);
    const all = await caller.get('/clients?limit=200');
    expect(all.body).not.toHaveProperty('next_cursor');
    expect(ids).toEqual(column(all, 'client_id'));
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  it('the last page has no cursor, even if it is full', async () => {
    const { body } = await caller.get('/clients?limit=200');
    expect((await caller.get(`/clients?limit=${body.items.length}`)).body).not.toHaveProperty('next_cursor');
  });

  it.each([
    ['cut short', (cursor: string) => cursor.slice(0, -4)],
    ['made longer', (cursor: string) => `${cursor}AAAA`],
    ['changed in its first letter', (cursor: string) => (cursor.startsWith('A') ? 'B' : 'A') + cursor.slice(1)],
    ['empty', () => ''],
    ['made up', () => Buffer.from("' OR 1=1 --").toString('base64url')],
    ['a bare id', () => caller.client.clientId],
  ])('the client list refuses a cursor that is %s', async (_, tamper) => {
    const { body } = await caller.get('/clients?limit=1');
    const answer = await caller.get(`/clients?cursor=${encodeURIComponent(tamper(body.next_cursor))}`);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ field: 'cursor', detail: expect.any(String) }]);
  });

  it('the client list refuses a cursor of another list', async () => {
    const { body } = await caller.get('/clients?limit=1');
    for (const list of ['families', 'revocations', 'audit']) {
      expect((await caller.get(`/${list}?cursor=${body.next_cursor}`)).status).toBe(400);
    }
  });
});

describe('a change', () => {
  it('a change affects only the named settings', async () => {
    const { clientId } = await register();
    const { body: before } = await caller.get(`/clients/${clientId}`);
    app.clock.advanceSeconds(1);
    caller = await admin(app);
    const { status, body } = await caller.patch(`/clients/${clientId}`, { refresh: { retry_window_seconds: 7 } });
    expect(status).toBe(200);
    const refreshPolicy = { ...before.refresh, retry_window_seconds: 7 };
    expect(body).toEqual({ ...before, refresh: refreshPolicy, updated_at: new Date(app.clock.now()).toISOString() });
    expect((await caller.get(`/clients/${clientId}`)).body).toEqual(body);
  });

  it('a changed client must satisfy the registration rules as a whole', async () => {
    const { clientId } = await register({ type: 'public', token_endpoint_auth_method: 'none', grant_types: [] });
    for (const change of [
      { grant_types: ['client_credentials'] },
      { token_endpoint_auth_method: 'client_secret_post' },
      { may_introspect: true },
      { refresh: { absolute_ttl_seconds: 59 } },
    ]) {
      expect((await caller.patch(`/clients/${clientId}`, change)).status).toBe(400);
    }
  });

  it('a change without settings is not an error', async () => {
    const { clientId } = await register();
    expect((await caller.patch(`/clients/${clientId}`, {})).status).toBe(200);
  });

  it('a change applies to the next token', async () => {
    const client = await register();
    await accessToken(app, client);
    await caller.patch(`/clients/${client.clientId}`, { scopes: ['a'], access_token_ttl_seconds: 30 });
    const { body } = await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' });
    expect(body).toMatchObject({ scope: 'a', expires_in: 30 });
  });

  it('two concurrent changes both take effect', async () => {
    const { clientId } = await register();
    const changes = [
      { name: 'New name' },
      { access_token_ttl_seconds: 77 },
      { refresh: { idle_ttl_seconds: 7777 } },
      { refresh: { retry_window_seconds: 77 } },
      { scopes: ['x'] },
      { audience: ['https://x.example.com'] },
    ];
    const answers = await Promise.all(changes.map((change) => caller.patch(`/clients/${clientId}`, change)));
    expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200));
    expect((await caller.get(`/clients/${clientId}`)).body).toMatchObject({
      name: 'New name',
      access_token_ttl_seconds: 77,
      refresh: { idle_ttl_seconds: 7777, retry_window_seconds: 77 },
      scopes: ['x'],
      audience: ['https://x.example.com'],
    });
  });

  it('a change is in the audit log with the names of its fields but without their values', async () => {
    const { clientId } = await register();
    const answer = await caller.patch(`/clients/${clientId}`, { name: 'Canary name 4711', scopes: ['a'] });
    const events = await auditOf(app, answer);
    expect(events).toMatchObject([
      { event: 'client.updated', client_id: clientId, detail: { fields: ['name', 'scopes'] } },
    ]);
    expect(JSON.stringify(events)).not.toContain('Canary');
  });

  it('changing an unknown client answers 404', async () => {
    for (const answer of [
      await caller.patch('/clients/nobody', { name: 'x' }),
      await caller.delete('/clients/nobody'),
      await caller.post('/clients/nobody/secrets', {}),
      await caller.get('/clients/nobody/secrets'),
      await caller.delete('/clients/nobody/secrets/00000000-0000-0000-0000-000000000000'),
    ]) {
      expect(answer.status).toBe(404);
    }
  });
});

describe('a disabled client', () => {
  it('a disabled client gets no token, and its access tokens are revoked at once', async () => {
    const [client, watcher] = [await register(), await register({ may_introspect: true })];
    const { refreshToken } = await startFamily(app, client);
    const refreshed = (await refresh(app, client, refreshToken)).body;
    const own = await accessToken(app, client);
    await caller.patch(`/clients/${watcher.clientId}`, { audience: [app.issuer] });
    expect(await isActive(watcher, refreshed.access_token)).toBe(true);

    const answer = await caller.patch(`/clients/${client.clientId}`, { disabled: true });
    expect(answer.body.disabled).toBe(true);
    expect(await isActive(watcher, refreshed.access_token)).toBe(false);
    expect(await isActive(watcher, own)).toBe(false);
    expect((await refresh(app, client, refreshed.refresh_token)).body.error).toBe('invalid_client');
    expect((await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' })).status).toBe(401);
  });

  it('the families of a disabled client continue when it is enabled again', async () => {
    const client = await register();
    const { refreshToken, familyId } = await startFamily(app, client);
    await caller.patch(`/clients/${client.clientId}`, { disabled: true });
    expect((await caller.get(`/families/${familyId}`)).body.state).toBe('active');
    const { body } = await caller.patch(`/clients/${client.clientId}`, { disabled: false });
    expect(body.disabled).toBe(false);
    app.clock.advanceSeconds(3);
    caller = await admin(app);
    const refreshed = await refresh(app, client, refreshToken);
    expect(refreshed.status).toBe(200);
    expect(await isActive(client, refreshed.body.access_token)).toBe(true);
  });

  it('disabling a client several times revokes its tokens once', async () => {
    const { clientId } = await register();
    const revocations = async () =>
      ((await caller.get('/revocations?limit=200')).body.items as { value?: string }[]).filter(
        ({ value }) => value === clientId,
      );
    await caller.patch(`/clients/${clientId}`, { disabled: true });
    await caller.patch(`/clients/${clientId}`, { disabled: true });
    expect(await revocations()).toMatchObject([
      { kind: 'client', reason: 'client_disabled', actor: `client:${caller.client.clientId}` },
    ]);
  });

  it('a refused change does not disable the client', async () => {
    const client = await register();
    const token = await accessToken(app, client);
    const answer = await caller.patch(`/clients/${client.clientId}`, { disabled: true, access_token_ttl_seconds: 1 });
    expect(answer.status).toBe(400);
    expect((await caller.get(`/clients/${client.clientId}`)).body.disabled).toBe(false);
    expect(await isActive(client, token)).toBe(true);
  });
});

describe('a deleted client', () => {
  it('a deleted client is gone, and its tokens and families are revoked', async () => {
    const [client, watcher] = [await register(), await register({ may_introspect: true, audience: [app.issuer] })];
    const { refreshToken, familyId } = await startFamily(app, client);
    const { body } = await refresh(app, client, refreshToken);
    expect(await isActive(watcher, body.access_token)).toBe(true);

    expect((await caller.delete(`/clients/${client.clientId}`)).status).toBe(204);
    expect(await isActive(watcher, body.access_token)).toBe(false);
    expect((await refresh(app, client, body.refresh_token)).status).toBe(401);
    expect((await caller.get(`/clients/${client.clientId}`)).status).toBe(404);
    expect((await caller.get(`/families/${familyId}`)).body).toMatchObject({
      state: 'revoked',
      revoked_reason: 'client_deleted',
    });
    expect(column(await caller.get('/clients?limit=200'), 'client_id')).not.toContain(client.clientId);
  });

  it('after a deadlock, the deletion of a client publishes its revocation once, and nothing of the attempt that was rolled back', async () => {
    const client = await register();
    const begin = app.database.transaction.bind(app.database) as (
      work: (manager: EntityManager) => Promise<unknown>,
    ) => Promise<unknown>;
    const transactions = jest.spyOn(app.database, 'transaction');
    transactions.mockImplementationOnce(((work: (manager: EntityManager) => Promise<unknown>) =>
      begin(async (manager) => {
        await work(manager);
        throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
      })) as unknown as typeof app.database.transaction);
    const told = jest.spyOn(app.nest.get(RevocationTracker, { strict: false }), 'add');
    const { status } = await caller.delete(`/clients/${client.clientId}`);
    const [attempts, published] = [transactions.mock.calls.length, told.mock.calls.flatMap(([added]) => added)];
    jest.restoreAllMocks();
    expect([status, attempts]).toEqual([204, 2]);
    expect(published).toMatchObject([{ kind: 'client', value: client.clientId }]);
  });

  it('a deleted client cannot be changed, enabled or deleted again', async () => {
    const { clientId } = await register();
    await caller.delete(`/clients/${clientId}`);
    expect((await caller.patch(`/clients/${clientId}`, { disabled: false })).status).toBe(404);
    expect((await caller.post(`/clients/${clientId}/secrets`, {})).status).toBe(404);
    expect((await caller.delete(`/clients/${clientId}`)).status).toBe(404);
  });

  it('of many concurrent deletions of a client one succeeds', async () => {
    const { clientId } = await register();
    const answers = await Promise.all(Array.from({ length: 5 }, () => caller.delete(`/clients/${clientId}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
  });
});

describe('secrets', () => {
  const withSecret = (client: TestClient, secret: string): Promise<Answer> =>
    postAs({ ...client, secret }, `${app.url}/token`, { grant_type: 'client_credentials' });

  it('an old and a new secret both work during the overlap', async () => {
    const client = await register();
    const { status, body } = await caller.post(`/clients/${client.clientId}/secrets`, {});
    expect(status).toBe(201);
    expect(Object.keys(body).sort()).toEqual(['client_secret', 'secret_id']);
    expect((await withSecret(client, client.secret!)).status).toBe(200);
    expect((await withSecret(client, body.client_secret)).status).toBe(200);
  });

  it('[58] secrets expire when they should: the old ones at the end of the overlap, the new one at its own time', async () => {
    const client = await register();
    const at = (seconds: number): string => new Date(app.clock.now() + seconds * 1000).toISOString();
    const { body } = await caller.post(`/clients/${client.clientId}/secrets`, {
      others_expire_at: at(60),
      expires_at: at(120),
    });
    expect(new Date(body.expires_at).getTime()).toBe(app.clock.now() + 120_000);
    app.clock.advanceSeconds(59);
    expect((await withSecret(client, client.secret!)).status).toBe(200);
    app.clock.advanceSeconds(1);
    expect((await withSecret(client, client.secret!)).status).toBe(401);
    expect((await withSecret(client, body.client_secret)).status).toBe(200);
    app.clock.advanceSeconds(60);
    expect((await withSecret(client, body.client_secret)).status).toBe(401);
    caller = await admin(app);
  });

  it('a later overlap does not extend the life of a secret', async () => {
    const client = await register();
    const at = (seconds: number): string => new Date(app.clock.now() + seconds * 1000).toISOString();
    await caller.post(`/clients/${client.clientId}/secrets`, { others_expire_at: at(60) });
    await caller.post(`/clients/${client.clientId}/secrets`, { others_expire_at: at(6000) });
    app.clock.advanceSeconds(61);
    expect((await withSecret(client, client.secret!)).status).toBe(401);
    caller = await admin(app);
  });

  it('[58] a deleted secret stops working at once', async () => {
    const client = await register();
    const { body } = await caller.post(`/clients/${client.clientId}/secrets`, {});
    expect((await withSecret(client, body.client_secret)).status).toBe(200);
    expect((await caller.delete(`/clients/${client.clientId}/secrets/${body.secret_id}`)).status).toBe(204);
    expect((await withSecret(client, body.client_secret)).status).toBe(401);
    expect((await withSecret(client, client.secret!)).status).toBe(200);
    expect((await caller.delete(`/clients/${client.clientId}/secrets/${body.secret_id}`)).status).toBe(404);
  });

  it('a secret cannot be deleted through another client', async () => {
    const [client, other] = [await register(), await register()];
    const { items } = (await caller.get(`/clients/${client.clientId}/secrets`)).body;
    expect((await caller.delete(`/clients/${other.clientId}/secrets/${items[0].secret_id}`)).status).toBe(404);
    expect((await withSecret(client, client.secret!)).status).toBe(200);
  });

  it('the list of secrets shows only ids and times', async () => {
    const client = await register();
    const expiresAt = new Date(app.clock.now() + 60_000).toISOString();
    const { body } = await caller.post(`/clients/${client.clientId}/secrets`, { expires_at: expiresAt });
    const { items } = (await caller.get(`/clients/${client.clientId}/secrets`)).body;
    expect(items).toHaveLength(2);
    expect(items).toContainEqual({
      secret_id: body.secret_id,
      created_at: expect.any(String),
      expires_at: expiresAt,
      imported: false,
    });
  });

  it.each([
    { expires_at: '2020-01-01T00:00:00Z' },
    { expires_at: null },
    { expires_at: 1_900_000_000 },
    { expires_at: '2031-02-30T00:00:00Z' },
    { expires_at: '2031-01-01' },
    { others_expire_at: 'soon' },
    { client_secret: 'my own' },
  ])('a secret cannot be added with %j', async (body) => {
    const { clientId } = await register();
    expect((await caller.post(`/clients/${clientId}/secrets`, body)).status).toBe(400);
    expect((await caller.get(`/clients/${clientId}/secrets`)).body.items).toHaveLength(1);
  });

  it('a public client cannot have secrets', async () => {
    const { clientId } = await register({ type: 'public', token_endpoint_auth_method: 'none', grant_types: [] });
    const answer = await caller.post(`/clients/${clientId}/secrets`, {});
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 409, code: 'conflict' });
  });

  it('a client has at most ten secrets, even if twelve are requested at once', async () => {
    const { clientId } = await register();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => caller.post(`/clients/${clientId}/secrets`, {})),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(9);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3);
    expect((await caller.get(`/clients/${clientId}/secrets`)).body.items).toHaveLength(10);
  });

  it('adding and deleting secrets is audited without their values', async () => {
    const { clientId } = await register();
    const added = await caller.post(`/clients/${clientId}/secrets`, {});
    const removed = await caller.delete(`/clients/${clientId}/secrets/${added.body.secret_id}`);
    const events = [...(await auditOf(app, added)), ...(await auditOf(app, removed))];
    expect(events.map(({ event, detail }) => ({ event, detail }))).toEqual([
      { event: 'client.secret_added', detail: { secret_id: added.body.secret_id } },
      { event: 'client.secret_removed', detail: { secret_id: added.body.secret_id } },
    ]);
  });
});
