/** An issuer whose URL has a path, as one of several on a host (RFC 8414 §3.1). */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { introspect, refresh, revoke, send } from '../support/requests.js';
import { verifyAtResource } from '../support/resource-verifier.js';
import { aUser } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const ISSUER = 'http://rekey.test/t1';
const WELL_KNOWN = '/.well-known/oauth-authorization-server';
const OPENID_CONFIGURATION = '/.well-known/openid-configuration';

let app: TestApp;
let client: TestClient;
/** The URL of the endpoints. */
let tenant: Pick<TestApp, 'url' | 'issuer' | 'clock'>;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_ISSUER: ISSUER } });
  tenant = { url: `${app.url}/t1`, issuer: app.issuer, clock: app.clock };
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

it('[202] for an issuer with a path, the metadata URL has the well-known name between host and path', async () => {
  const { status, body } = await send(`${app.url}${WELL_KNOWN}/t1`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    issuer: ISSUER,
    token_endpoint: `${ISSUER}/token`,
    revocation_endpoint: `${ISSUER}/revoke`,
    introspection_endpoint: `${ISSUER}/introspect`,
    jwks_uri: `${ISSUER}/jwks`,
  });
});

it.each(['', '/', '/t2', '/t1/x', '/T1'])(
  '[202] the metadata is not served at "%s" below the well-known name',
  async (path) => {
    expectError(await send(`${app.url}${WELL_KNOWN}${path}`), 404, 'not_found');
  },
);

it('[202] the RFC 8414 metadata is not served below the issuer’s own path', async () => {
  expectError(await send(`${tenant.url}${WELL_KNOWN}`), 404, 'not_found');
});

it('the OpenID configuration is served below the issuer’s path, and only there', async () => {
  const { status, body } = await send(`${tenant.url}${OPENID_CONFIGURATION}`);
  expect(status).toBe(200);
  expect(body).toEqual((await send(`${app.url}${WELL_KNOWN}/t1`)).body);
  expect(body).toMatchObject({
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    userinfo_endpoint: `${ISSUER}/userinfo`,
    end_session_endpoint: `${ISSUER}/end-session`,
  });
  for (const elsewhere of [OPENID_CONFIGURATION, `${OPENID_CONFIGURATION}/t1`, `/t2${OPENID_CONFIGURATION}`]) {
    expectError(await send(`${app.url}${elsewhere}`), 404, 'not_found');
  }
});

it('[202, 203] all endpoints are below the issuer’s path, and its tokens name that issuer', async () => {
  const { refreshToken } = await startFamily(app, client);
  const { body } = await refresh(tenant, client, refreshToken);
  const { payload } = await verifyAtResource(tenant, body.access_token);
  expect(payload.iss).toBe(ISSUER);
  expect((await introspect(tenant, client, body.access_token)).body).toMatchObject({ active: true, iss: ISSUER });
  expect((await revoke(tenant, client, body.refresh_token)).status).toBe(200);
});

it('userinfo is below the issuer’s path, with CORS', async () => {
  expect((await send(`${tenant.url}/userinfo`)).status).toBe(401);
  const preflight = { origin: 'https://spa.example', 'access-control-request-method': 'GET' };
  const ask = (url: string) => send(`${url}/userinfo`, { method: 'OPTIONS', headers: preflight });
  expect((await ask(tenant.url)).status).toBe(204);
  expect((await ask(app.url)).status).toBe(404);
  const aside = await send(`${app.url}${WELL_KNOWN}/t1`, { method: 'OPTIONS', headers: preflight });
  expect(aside.status).toBe(204);
});

it('[202] no endpoint is outside the issuer’s path', async () => {
  const { refreshToken } = await startFamily(app, client);
  expectError(await refresh(app, client, refreshToken), 404, 'not_found');
  expectError(await introspect(app, client, refreshToken), 404, 'not_found');
  expectError(await revoke(app, client, refreshToken), 404, 'not_found');
  expectError(await send(`${app.url}/jwks`), 404, 'not_found');
  expectError(await send(`${app.url}/userinfo`), 404, 'not_found');
  expect((await refresh(tenant, client, refreshToken)).status).toBe(200);
});

it.each(['/health/live', '/health/ready', '/metrics'])(
  '%s is outside the issuer’s path, for the operator',
  async (path) => {
    expect((await send(`${app.url}${path}`)).status).toBe(200);
  },
);

it('token requests below the issuer’s path are counted in the metrics', async () => {
  const counted = async () =>
    Number(
      /^rekey_token_requests_total\{grant_type="refresh_token",outcome="ok"\} (\d+)$/m.exec(
        (await send(`${app.url}/metrics`)).text,
      )?.[1] ?? 0,
    );
  const before = await counted();
  const { refreshToken } = await startFamily(app, client);
  expect((await refresh(tenant, client, refreshToken)).status).toBe(200);
  expect(await counted()).toBe(before + 1);
});

it('the pages have their forms, links and redirects below the issuer’s path', async () => {
  const user = await aUser(app);
  const visitor = new Visitor(app);
  const visit = await visitor.get('/t1/sign-in');
  expect(visit.forms[0]!.action).toBe('/t1/sign-in');
  const answer = await visitor.submit(visit, { username: user.username, password: user.password });
  expect(answer.url.pathname).toBe('/t1/account');
});

it('the sign-out is below the issuer’s path, with its links and redirects', async () => {
  const visit = await new Visitor(app).get('/t1/end-session');
  expect(visit.html).toContain('You are signed out');
  expect(visit.html).toContain('href="/t1/account"');
  const posted = await send(`${tenant.url}/end-session`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'state=x',
    redirect: 'manual',
  });
  expect(posted.headers.get('location')).toBe('/t1/end-session?state=x');
});
