/** In production plain HTTP is refused, and pages tell developers nothing. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { english } from '../../src/pages/english.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError } from '../support/expectations.js';
import { exchange, FORM } from '../support/raw-http.js';
import { basic, postForm, send, type Answer } from '../support/requests.js';
import { Authorization, REDIRECT_URI, webClient } from '../support/sign-in.js';
import { startApp, TEST_SECRET, type TestApp } from '../support/test-app.js';

const production = {
  NODE_ENV: 'production',
  REKEY_ISSUER: 'https://auth.example',
  REKEY_ADMIN_CLIENT_ID: 'admin',
  REKEY_ADMIN_CLIENT_SECRET: 'admin-secret-0123456789-abcdefghijklmnop',
  REKEY_SECRET: TEST_SECRET,
};

let app: TestApp;
let client: TestClient;

const knock = (headers: Record<string, string>): Promise<Answer> =>
  postForm(`${app.url}/token`, { grant_type: 'client_credentials' }, { ...basic(client), ...headers });

describe('behind a trusted proxy', () => {
  beforeAll(async () => {
    app = await startApp({ environment: { ...production, REKEY_TRUSTED_PROXIES: '127.0.0.1/32' } });
    client = await confidentialClient(app);
  });
  afterAll(() => app.close());

  it('[26] a request that reached the proxy over TLS is served', async () => {
    expect((await knock({ 'x-forwarded-proto': 'https' })).status).toBe(200);
    const metadata = await send(`${app.url}/.well-known/oauth-authorization-server`, {
      headers: { 'x-forwarded-proto': 'https' },
    });
    expect(metadata.body.token_endpoint).toBe('https://auth.example/token');
  });

  it('[26] of several values of X-Forwarded-Proto the last one counts, which the trusted proxy has written', async () => {
    expect((await knock({ 'x-forwarded-proto': 'http, https' })).status).toBe(200);
    expectError(await knock({ 'x-forwarded-proto': 'https,http' }), 400, 'invalid_request');
  });

  it('an error page for an unregistered redirect URI shows neither what was sent nor what is registered', async () => {
    const web = await webClient(app);
    const { path } = new Authorization(web, { redirect_uri: 'https://evil.test/' });
    const answer = await send(`${app.url}${path}`, { headers: { 'x-forwarded-proto': 'https' } });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(english.errors.unknownRedirectUri.title);
    expect(answer.text).not.toContain('evil.test');
    expect(answer.text).not.toContain(REDIRECT_URI);
  });

  it.each(['http', '', 'HTTP', 'ws', 'https, http'])(
    '[26] a request that reached the proxy as "%s" is refused',
    async (protocol) => {
      expectError(await knock({ 'x-forwarded-proto': protocol }), 400, 'invalid_request');
    },
  );

  it('[26] a request whose protocol the proxy does not report is refused, and consumes no token', async () => {
    const { refreshToken } = await startFamily(app, client);
    const body = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expectError(await postForm(`${app.url}/token`, body, basic(client)), 400, 'invalid_request');
    const served = await postForm(`${app.url}/token`, body, { ...basic(client), 'x-forwarded-proto': 'https' });
    expect(served.status).toBe(200);
  });

  it.each(['/token', '/revoke', '/introspect', '/jwks', '/.well-known/oauth-authorization-server', '/nowhere'])(
    '[26] every request for %s needs TLS too',
    async (path) => {
      expectError(await send(`${app.url}${path}`, { method: 'POST' }), 400, 'invalid_request');
      expectError(await send(`${app.url}${path}`), 400, 'invalid_request');
    },
  );
});

describe('from a peer that is not the trusted proxy', () => {
  beforeAll(async () => {
    app = await startApp({ environment: { ...production, REKEY_TRUSTED_PROXIES: '203.0.113.7/32' } });
    client = await confidentialClient(app);
  });
  afterAll(() => app.close());

  it('[26] plain HTTP is refused', async () => {
    expectError(await knock({}), 400, 'invalid_request');
  });

  it('[26] a path that starts like a probe but is another one is refused, too', async () => {
    const headers = [FORM, ['Authorization', basic(client).authorization!]] as const;
    for (const path of ['/health/../token', '/health/%2e%2e/token', '/metrics/../token']) {
      const answer = await exchange(app.url, { path, headers, body: 'grant_type=client_credentials' });
      expect([400, 404]).toContain(answer.status);
    }
  });

  it.each(['x-forwarded-proto', 'x-forwarded-protocol', 'x-forwarded-ssl', 'forwarded', 'front-end-https'])(
    '[26] plain HTTP is refused, whatever the peer claims in %s',
    async (name) => {
      for (const value of ['https', 'on', 'proto=https'])
        expectError(await knock({ [name]: value }), 400, 'invalid_request');
    },
  );
});
