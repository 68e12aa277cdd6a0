/** Access tokens on our own protected routes (RFC 6750), with the admin API as the route. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { randomIdentity } from '../../src/issuance/access-token.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { accessToken, admin, adminClient, bearer, callAdmin, type Admin } from '../support/admin.js';
import { confidentialClient, startFamily } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { exchange } from '../support/raw-http.js';
import { basic, refresh, revoke, send, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const list = (headers: Record<string, string>): Promise<Answer> => callAdmin(app, 'GET', '/clients', headers);

/** Expects a problem with a challenge for this error, or without an error. */
function expectChallenge(answer: Answer, status: number, error: string | undefined): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const challenge = answer.headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer realm="rekey"/);
  expect(/error="([^"]*)"/.exec(challenge)?.[1]).toBe(error);
}

/** A token of this type, signed with our key, with these claims changed. */
function signed(typ: string, changes: Record<string, unknown> = {}): Promise<string> {
  const now = app.clock.now();
  const iat = Math.floor(now / 1000);
  const claims = {
    iss: app.issuer,
    sub: `client:${caller.client.clientId}`,
    aud: app.issuer,
    client_id: caller.client.clientId,
    scope: 'rekey:admin',
    iat,
    exp: iat + 600,
    jti: randomIdentity(now),
    ...changes,
  };
  const { kid, algorithm, privateKey } = app.nest.get(KeyRing, { strict: false }).signingKey();
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, typ }).sign(privateKey);
}

describe('an access token', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])(
    '[194] an access token is read from the Authorization header, with the scheme in any case: %s',
    async (scheme) => {
      expect((await list({ authorization: `${scheme} ${caller.token}` })).status).toBe(200);
    },
  );

  it('[194] an access token may be opaque', async () => {
    const client = await confidentialClient(app, {
      grantTypes: ['client_credentials'],
      scopes: ['rekey:admin'],
      accessTokenFormat: 'opaque',
    });
    expect((await list(bearer(await accessToken(app, client)))).status).toBe(200);
  });

  it('[195] an access token is not read from the query', async () => {
    const answer = await callAdmin(app, 'GET', `/clients?access_token=${caller.token}`, {});
    expectChallenge(answer, 401, undefined);
  });

  it('[195] an access token is not read from the body', async () => {
    expectChallenge(await callAdmin(app, 'POST', '/revocations', {}, { access_token: caller.token }), 401, undefined);
  });

  it('[196] a request without an access token gets a challenge without an error code', async () => {
    const answer = await list({});
    expectChallenge(answer, 401, undefined);
    expect(answer.body).toMatchObject({ status: 401, code: 'authentication_required' });
  });

  it('[196] a request with another authentication scheme gets the same challenge', async () => {
    expectChallenge(await list(basic(caller.client)), 401, undefined);
  });

  it.each([
    ['nothing', 'Bearer'],
    ['a space', 'Bearer '],
    ['a word', 'Bearer x'],
    ['two words', 'Bearer a b'],
    ['other characters', 'Bearer ***'],
    ['a JWT in shape', 'Bearer eyJ.eyJ.x'],
    ['an opaque token in shape', `Bearer at_${'A'.repeat(100)}`],
    ['8,000 characters', `Bearer ${'A'.repeat(8000)}`],
  ])('[197] an access token that was never issued is invalid: %s', async (_, authorization) => {
    expectChallenge(await list({ authorization }), 401, 'invalid_token');
  });

  it('[197] an expired access token is invalid', async () => {
    const client = await confidentialClient(app, {
      grantTypes: ['client_credentials'],
      scopes: ['rekey:admin'],
      accessTokenTtlSeconds: 10,
    });
    const token = await accessToken(app, client);
    expect((await list(bearer(token))).status).toBe(200);
    app.clock.advanceSeconds(10);
    expectChallenge(await list(bearer(token)), 401, 'invalid_token');
    caller = await admin(app);
  });

  it('[197] a revoked access token is invalid at once', async () => {
    const client = await adminClient(app);
    const token = await accessToken(app, client);
    expect((await list(bearer(token))).status).toBe(200);
    expect((await revoke(app, client, token)).status).toBe(200);
    expectChallenge(await list(bearer(token)), 401, 'invalid_token');
  });

  it('[197] an access token of a disabled client is invalid at once', async () => {
    const other = await admin(app);
    expect((await caller.patch(`/clients/${other.client.clientId}`, { disabled: true })).status).toBe(200);
    expectChallenge(await other.get('/clients'), 401, 'invalid_token');
  });

  it('[197] an access token of a deleted client is invalid at once', async () => {
    const other = await admin(app);
    expect((await caller.delete(`/clients/${other.client.clientId}`)).status).toBe(204);
    expectChallenge(await other.get('/clients'), 401, 'invalid_token');
  });

  it.each([
    ['another server', () => ({ aud: 'https://api.example.com' })],
    ['several others', () => ({ aud: ['https://api.example.com', `${app.issuer}/`] })],
    ['nobody', () => ({ aud: [] })],
  ])('[197] an access token issued for %s is invalid here', async (_, changes) => {
    expectChallenge(await list(bearer(await signed('at+jwt', changes()))), 401, 'invalid_token');
  });

  it('[197] an access token issued for this server among others is accepted', async () => {
    expect((await list(bearer(await signed('at+jwt', { aud: ['https://api.example.com', app.issuer] })))).status).toBe(
      200,
    );
  });

  it('[198] an access token without the admin scope is refused', async () => {
    const client = await adminClient(app);
    const answer = await list(bearer(await accessToken(app, client, 'other')));
    expectChallenge(answer, 403, 'insufficient_scope');
    expect(answer.headers.get('www-authenticate')).toContain('scope="rekey:read"');
  });

  it.each(['rekey:admin2', 'rekey:admi', 'xrekey:admin', 'REKEY:ADMIN', 'rekey admin'])(
    '[198] an access token with the scope %s is refused',
    async (scope) => {
      expectChallenge(await list(bearer(await signed('at+jwt', { scope }))), 403, 'insufficient_scope');
    },
  );

  it('[198] an access token of a user without the admin scope is refused on every route', async () => {
    const client = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, client);
    const { body } = await refresh(app, client, refreshToken);
    for (const [method, path] of ROUTES) {
      expectChallenge(await callAdmin(app, method, path, bearer(body.access_token)), 403, 'insufficient_scope');
    }
  });

  it('[199] access tokens in both the header and a JSON body are refused', async () => {
    const body = { access_token: caller.token, kind: 'all', reason: 'x' };
    expectChallenge(await callAdmin(app, 'POST', '/revocations', bearer(caller.token), body), 400, 'invalid_request');
  });

  it('[199] access tokens in both the header and a form are refused', async () => {
    const answer = await send(`${app.url}/admin/v1/revocations`, {
      method: 'POST',
      headers: bearer(caller.token),
      body: new URLSearchParams({ access_token: caller.token }),
    });
    expectChallenge(answer, 400, 'invalid_request');
  });

  it('[199] access tokens in both the header and the query are refused', async () => {
    expect((await caller.get(`/clients?access_token=${caller.token}`)).status).toBe(400);
  });

  it.each(['Bearer', 'Basic'])('[199] two Authorization headers are refused, the first with %s', async (scheme) => {
    const headers = [
      ['Authorization', `${scheme} ${caller.token}`],
      ['Authorization', `Bearer ${caller.token}`],
    ] as const;
    expectChallenge(
      await exchange(app.url, { method: 'GET', path: '/admin/v1/clients', headers }),
      400,
      'invalid_request',
    );
  });

  it('[200] a refresh token is not accepted as an access token', async () => {
    const client = await confidentialClient(app, { scopes: ['rekey:admin'] });
    const { refreshToken } = await startFamily(app, client, { scope: ['rekey:admin'] });
    expectChallenge(await list(bearer(refreshToken)), 401, 'invalid_token');
    expect((await refresh(app, client, refreshToken)).status).toBe(200);
  });

  it.each(['logout+jwt', 'id_token+jwt', ''])(
    '[200] a token of type %j signed with our key is not accepted as an access token',
    async (typ) => {
      expect((await list(bearer(await signed('at+jwt')))).status).toBe(200);
      expectChallenge(await list(bearer(await signed(typ))), 401, 'invalid_token');
    },
  );
});

/** One of every path and method. */
const ROUTES = [
  ['GET', '/clients'],
  ['POST', '/clients'],
  ['GET', '/clients/x'],
  ['GET', '/clients/x/health'],
  ['PATCH', '/clients/x'],
  ['DELETE', '/clients/x'],
  ['GET', '/clients/x/secrets'],
  ['POST', '/clients/x/secrets'],
  ['DELETE', '/clients/x/secrets/y'],
  ['GET', '/families'],
  ['POST', '/families'],
  ['POST', '/families/import'],
  ['GET', '/families/x'],
  ['GET', '/families/x/timeline'],
  ['GET', '/revocations'],
  ['POST', '/revocations'],
  ['GET', '/subjects/x'],
  ['PATCH', '/subjects/x'],
  ['GET', '/users'],
  ['POST', '/users'],
  ['POST', '/users/import'],
  ['GET', '/users/x'],
  ['PATCH', '/users/x'],
  ['DELETE', '/users/x'],
  ['POST', '/users/x/password'],
  ['PUT', '/users/x/admin-roles'],
  ['GET', '/users/x/sessions'],
  ['DELETE', '/users/x/sessions/y'],
  ['GET', '/users/x/consents'],
  ['GET', '/scopes'],
  ['POST', '/scopes'],
  ['GET', '/scopes/x'],
  ['PATCH', '/scopes/x'],
  ['DELETE', '/scopes/x'],
  ['GET', '/audit'],
  ['POST', '/explain'],
  ['GET', '/keys'],
  ['POST', '/keys/rotations'],
  ['DELETE', '/keys/x'],
  ['GET', '/master-keys'],
  ['DELETE', '/master-keys/x'],
] as const;

describe('every route', () => {
  it('these tests cover every admin route', async () => {
    const { body } = await callAdmin(app, 'GET', '/openapi.json', {});
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replace('/admin/v1', '').replace(/\{[^}]+\}/g, '*')}`,
      ),
    );
    const listed = ROUTES.map(([method, path]) => `${method} ${path.replace(/\/[xy]\b/g, '/*')}`);
    expect(described.sort()).toEqual([...listed].sort());
  });

  it.each(ROUTES)('[196] %s %s needs an access token', async (method, path) => {
    expectChallenge(await callAdmin(app, method, path, {}), 401, undefined);
  });

  it('[200] no admin route accepts a refresh token', async () => {
    const client = await confidentialClient(app, { scopes: ['rekey:admin'] });
    const { refreshToken } = await startFamily(app, client, { scope: ['rekey:admin'] });
    for (const [method, path] of ROUTES) {
      expectChallenge(await callAdmin(app, method, path, bearer(refreshToken)), 401, 'invalid_token');
    }
  });

  it('HEAD is guarded like GET', async () => {
    expect((await callAdmin(app, 'HEAD', '/clients', {})).status).toBe(401);
    expect((await callAdmin(app, 'HEAD', '/clients', bearer(caller.token))).status).toBe(200);
  });

  it.each([
    '/admin/v1/clients/',
    '//admin/v1/clients',
    '/Admin/v1/clients',
    '/admin/v1/%63lients',
    '/admin/v1/./clients',
    '/admin/v1/clients;x',
  ])('an admin route spelled as %s is guarded or not found', async (path) => {
    const { status } = await exchange(app.url, { method: 'GET', path });
    expect([401, 404]).toContain(status);
  });
});
