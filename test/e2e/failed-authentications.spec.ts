/** Too many failed authentications block wrong secrets for a while, but never a right one, even from the same address. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSecret } from '../../src/clients/client-secret.js';
import { changeClient, confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { clientEndpoints, expectNoOtherEndpoints } from '../support/endpoints.js';
import { expectError } from '../support/expectations.js';
import { goRefresh } from '../support/go-client.js';
import { exchange, FORM } from '../support/raw-http.js';
import { basic, credentialsOf, postForm, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

const LIMIT = 20;
const SOURCE_LIMIT = 10 * LIMIT;

const environment = { REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: String(LIMIT) };

let app: TestApp;
let client: TestClient;

/** A service behind a trusted proxy, so that a test can use any source address. */
beforeAll(async () => {
  app = await startApp({ environment: { ...environment, REKEY_TRUSTED_PROXIES: '127.0.0.1/32' } });
});
afterAll(() => app.close());

/** A request with these credentials from this address. */
const attempt = (
  path: string,
  one: TestClient,
  source: string,
  fields: Record<string, string> = {},
): Promise<Answer> => {
  const credentials = credentialsOf(one);
  const body = { grant_type: 'client_credentials', token: 'x', ...credentials.fields, ...fields };
  return postForm(`${app.url}${path}`, body, { ...credentials.headers, 'x-forwarded-for': source });
};

async function failUntilRefused(path: string, one: TestClient, source: string, limit = LIMIT): Promise<Answer> {
  for (let failures = 0; failures < limit; failures += 1) {
    expect((await attempt(path, one, source)).status).toBe(401);
  }
  return attempt(path, one, source);
}

const wrong = (one: TestClient): TestClient => ({ ...one, secret: generateSecret() });

describe('a hundred wrong secrets from one address', () => {
  it('[59][91] a hundred wrong secrets lead to 429 with Retry-After, for this client from this address only', async () => {
    client = await confidentialClient(app);
    const other = await confidentialClient(app);
    const answers = [];
    for (let index = 0; index < 100; index += 1) answers.push(await attempt('/token', wrong(client), '192.0.2.1'));
    expect(answers.slice(0, LIMIT).map(({ status }) => status)).toEqual(new Array(LIMIT).fill(401));
    for (const answer of answers.slice(LIMIT)) {
      expectError(answer, 429, 'too_many_requests');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    }
    expectError(await attempt('/token', wrong(client), '192.0.2.2'), 401, 'invalid_client');
    expect((await attempt('/token', other, '192.0.2.1')).status).toBe(200);
  });

  it('[59] failed authentications are counted for unknown clients too', async () => {
    const nobody: TestClient = { clientId: 'nobody', secret: 'x', method: 'client_secret_basic' };
    expectError(await failUntilRefused('/token', nobody, '192.0.2.3'), 429, 'too_many_requests');
  });

  it('[59] failed authentications do not consume the refresh token', async () => {
    const owner = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, owner);
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    for (let index = 0; index <= LIMIT; index += 1) await attempt('/token', wrong(owner), '192.0.2.4', fields);
    expectError(await attempt('/token', wrong(owner), '192.0.2.4', fields), 429, 'too_many_requests');
    expect((await attempt('/token', owner, '192.0.2.4', fields)).status).toBe(200);
  });

  it('[59] failures of many clients block the address as a whole', async () => {
    const source = '192.0.2.6';
    for (let index = 0; index < SOURCE_LIMIT; index += 1) {
      const guessed: TestClient = { clientId: `guess-${index}`, secret: 'x', method: 'client_secret_basic' };
      expect((await attempt('/token', guessed, source)).status).toBe(401);
    }
    expectError(await attempt('/token', wrong(client), source), 429, 'too_many_requests');
    expectError(await attempt('/token', wrong(client), '192.0.2.7'), 401, 'invalid_client');
  });
});

describe('a right secret', () => {
  it('a right secret is accepted from a blocked address, and so is a public client', async () => {
    const source = '192.0.2.8';
    const [owner, named] = [await confidentialClient(app), await publicClient(app)];
    for (let index = 0; index < SOURCE_LIMIT; index += 1) {
      await attempt('/token', { clientId: `guess-${index}`, secret: 'x', method: 'client_secret_basic' }, source);
    }
    expectError(await attempt('/token', wrong(owner), source), 429, 'too_many_requests');
    expect((await attempt('/token', owner, source)).status).toBe(200);
    const { refreshToken } = await startFamily(app, named);
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expect((await attempt('/token', named, source, fields)).status).toBe(200);
  });

  it('a right secret is accepted while another process of the client sends a wrong one from the same address', async () => {
    const owner = await confidentialClient(app);
    await failUntilRefused('/token', wrong(owner), '192.0.2.9');
    expect((await attempt('/token', owner, '192.0.2.9')).status).toBe(200);
    expectError(await attempt('/token', wrong(owner), '192.0.2.9'), 429, 'too_many_requests');
  });

  it('the other method, and a disabled client, do not count as failures', async () => {
    const strict = await confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post', strict: true });
    const disabled = await confidentialClient(app);
    await changeClient(app, disabled, { disabled: true });
    for (const one of [{ ...strict, method: 'client_secret_basic' } as const, disabled]) {
      for (let index = 0; index < 2 * LIMIT; index += 1) {
        expectError(await attempt('/token', one, '192.0.2.10'), 401, 'invalid_client');
      }
      expectError(await attempt('/token', wrong(one), '192.0.2.10'), 401, 'invalid_client');
    }
    expect((await attempt('/token', strict, '192.0.2.10')).status).toBe(200);
  });

  it('refusals of a right secret write a limited number of audit events per minute', async () => {
    const disabled = await confidentialClient(app);
    await changeClient(app, disabled, { disabled: true });
    for (let index = 0; index < 80; index += 1) await attempt('/token', disabled, '192.0.2.11');
    const rows = await app.database.query('SELECT 1 FROM audit_events WHERE event = $1 AND client_id = $2', [
      'client.authentication_failed',
      disabled.clientId,
    ]);
    expect(rows).toHaveLength(60);
  });
});

describe('a client that tries the other method after each error, as golang.org/x/oauth2 does', () => {
  const source = '192.0.2.12';

  const refreshes = (owner: TestClient, token: string) => goRefresh(app, owner, token, { 'x-forwarded-for': source });

  it.each([
    ['registered for Basic', {}],
    ['registered for the body', { tokenEndpointAuthMethod: 'client_secret_post' }],
    ['strict', { strict: true }],
    ['strict, and registered for the body', { tokenEndpointAuthMethod: 'client_secret_post', strict: true }],
  ] as const)('a client refreshes its live sessions beside sixty revoked ones, %s', async (_what, registration) => {
    const owner = await confidentialClient(app, registration);
    for (let index = 0; index < 60; index += 1) {
      const [dead, live] = [await startFamily(app, owner), await startFamily(app, owner)];
      await attempt('/revoke', owner, source, { token: dead.refreshToken });
      const answers = await refreshes(owner, dead.refreshToken);
      expect(answers.some(({ body }) => body.error === 'invalid_grant')).toBe(true);
      if (!('strict' in registration)) expect(answers.map(({ status }) => status)).toEqual([400, 400]);
      expect((await refreshes(owner, live.refreshToken)).at(-1)!.status).toBe(200);
    }
  });
});

describe.each(clientEndpoints)('[60] %s limits failed attempts', (path) => {
  const source = `198.51.100.${path.length}`;

  it('failed attempts with Basic are limited', async () => {
    const owner = wrong(await confidentialClient(app));
    expectError(await failUntilRefused(path, owner, source), 429, 'too_many_requests');
  });

  it('failed attempts with a secret in the body are limited', async () => {
    const owner = wrong(await confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post' }));
    expectError(await failUntilRefused(path, owner, source), 429, 'too_many_requests');
  });

  it('failed attempts with a client_id alone are limited', async () => {
    const owner: TestClient = { ...(await confidentialClient(app)), method: 'none' };
    expectError(await failUntilRefused(path, owner, source), 429, 'too_many_requests');
  });

  it('failed attempts are limited under every spelling of the path', async () => {
    const owner = wrong(await confidentialClient(app));
    await failUntilRefused(path, owner, source);
    const alias = `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`;
    expectError(await attempt(alias, owner, source), 429, 'too_many_requests');
  });
});

it('[60] these tests cover every endpoint that takes client credentials', async () => {
  await expectNoOtherEndpoints(app);
});

it('[60] failures on one endpoint count on the others', async () => {
  const owner = wrong(await confidentialClient(app));
  await failUntilRefused('/introspect', owner, '198.51.100.100');
  for (const path of ['/token', '/revoke']) {
    expectError(await attempt(path, owner, '198.51.100.100'), 429, 'too_many_requests');
  }
});

it('[59] successes, and errors after the authentication, do not count as failures', async () => {
  const owner = await confidentialClient(app);
  const named = await publicClient(app);
  for (let index = 0; index <= LIMIT; index += 1) {
    expect((await attempt('/token', owner, '198.51.100.101', { grant_type: 'foo' })).status).toBe(400);
    expect((await attempt('/token', named, '198.51.100.101', { grant_type: 'foo' })).status).toBe(400);
  }
  expect((await attempt('/token', owner, '198.51.100.101')).status).toBe(200);
});

describe('the address', () => {
  it('[61] an IPv6 source is its /64 network', async () => {
    const owner = await confidentialClient(app);
    for (let index = 0; index < LIMIT; index += 1) {
      await attempt('/token', wrong(owner), `2001:db8:1:2:${index.toString(16)}::${index.toString(16)}`);
    }
    expectError(await attempt('/token', wrong(owner), '2001:db8:1:2:ffff::1'), 429, 'too_many_requests');
    expect((await attempt('/token', owner, '2001:db8:1:3::1')).status).toBe(200);
  });

  it('[61] the source is the address that the trusted proxy reports, whatever the client claims', async () => {
    const owner = await confidentialClient(app);
    for (let index = 0; index < LIMIT; index += 1) {
      await attempt('/token', wrong(owner), `203.0.113.${index}, 198.51.100.102`);
    }
    expectError(await attempt('/token', wrong(owner), '203.0.113.200, 198.51.100.102'), 429, 'too_many_requests');
    expect((await attempt('/token', owner, '198.51.100.102, 198.51.100.103')).status).toBe(200);
  });

  it('[61] the source is the plain address, even if a proxy adds a port', async () => {
    const owner = await confidentialClient(app);
    for (let index = 0; index < LIMIT; index += 1) {
      await attempt('/token', wrong(owner), `203.0.113.71:${40_000 + index}`);
    }
    expectError(await attempt('/token', wrong(owner), '203.0.113.71:50000'), 429, 'too_many_requests');
    expectError(await attempt('/token', wrong(owner), '203.0.113.71'), 429, 'too_many_requests');
    expect((await attempt('/token', owner, '203.0.113.72:40000')).status).toBe(200);
  });

  it('[61] the source is the proxy itself if it forwards something that is not an address', async () => {
    const owner = await confidentialClient(app);
    for (let index = 0; index < LIMIT; index += 1) await attempt('/token', wrong(owner), `unknown-${index}`);
    expectError(await attempt('/token', wrong(owner), 'unknown'), 429, 'too_many_requests');
    expect(app.logs.some((line) => line.includes('unknown-1'))).toBe(false);
    expect((await attempt('/token', owner, '203.0.113.73')).status).toBe(200);
  });

  it('[61] a forwarded address from an untrusted peer is ignored', async () => {
    const exposed = await startApp({ environment: { ...environment, REKEY_TRUSTED_PROXIES: '203.0.113.7/32' } });
    try {
      const owner = await confidentialClient(exposed);
      const claim = (secret: string | undefined, source: string, name = 'X-Forwarded-For'): Promise<Answer> =>
        exchange(exposed.url, {
          path: '/token',
          headers: [FORM, ['Authorization', basic({ ...owner, secret }).authorization!], [name, source]],
          body: 'grant_type=client_credentials',
        });
      for (let index = 0; index < LIMIT; index += 1) {
        expect((await claim('wrong', `203.0.113.${index}`)).status).toBe(401);
      }
      for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'CF-Connecting-IP', 'X-Client-IP']) {
        expectError(await claim('wrong', '203.0.113.201', name), 429, 'too_many_requests');
      }
      expect(exposed.logs.some((line) => line.includes('203.0.113.'))).toBe(false);
    } finally {
      await exposed.close();
    }
  });
});
