/** Transport, client authentication and errors, the same at every endpoint that takes forms from clients. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateSecret } from '../../src/clients/client-secret.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { clientEndpoints, expectNoOtherEndpoints } from '../support/endpoints.js';
import { expectAlive, expectError, serverErrors } from '../support/expectations.js';
import { exchange, FORM } from '../support/raw-http.js';
import { basic, introspect, postForm, send, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;
let poster: TestClient;
let refreshToken: string;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: '100000' } });
  client = await confidentialClient(app);
  poster = await confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post', strict: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  refreshToken = (await startFamily(app, client)).refreshToken;
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

it('[60] these tests cover every endpoint that takes client credentials', async () => {
  await expectNoOtherEndpoints(app);
});

describe.each(clientEndpoints)('%s', (path) => {
  const fields = (): Record<string, string> => ({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    token: refreshToken,
  });
  const form = (): string => new URLSearchParams(fields()).toString();
  const post = (body: string, headers: Record<string, string> = {}): Promise<Answer> =>
    postForm(`${app.url}${path}`, body, { ...basic(client), ...headers });

  it('[34] the endpoint answers the form of its client', async () => {
    expect((await post(form())).status).toBe(200);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])(
    '[1][2][3] the endpoint does nothing for %s',
    async (method) => {
      const answer = await send(`${app.url}${path}?${form()}`, { method, headers: basic(client) });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
      if (method !== 'HEAD') expectError(answer, 405, 'method_not_allowed');
      await expectAlive(app, client, refreshToken);
    },
  );

  it.each<[string, () => Promise<Answer>]>([
    ['JSON', () => post(JSON.stringify(fields()), { 'content-type': 'application/json' })],
    ['a form declared as text', () => post(form(), { 'content-type': 'text/plain' })],
    ['a form without a content type', () => exchange(app.url, { path, headers: [authorization()], body: form() })],
    ['multipart', () => send(`${app.url}${path}`, { method: 'POST', headers: basic(client), body: multipart() })],
    ['an empty body', () => send(`${app.url}${path}`, { method: 'POST', headers: basic(client) })],
    ['no parameters', () => post('')],
    ['parameters in the URL', () => postForm(`${app.url}${path}?${form()}`, '', basic(client))],
    ['a repeated parameter', () => post(`${form()}&token=${refreshToken}`)],
    [
      'two Authorization headers',
      () => exchange(app.url, { path, headers: [FORM, authorization(), authorization()], body: form() }),
    ],
    ['Basic and a secret in the body', () => post(`${form()}&client_secret=${client.secret}`)],
    ["another's client_id", () => post(`${form()}&client_id=${poster.clientId}`)],
    ['broken percent-encoding', () => post(`${form()}&a=%zz`)],
    ['too many parameters', () => post(`${form()}${'&a'.repeat(60)}`)],
  ])('[4][7][8][13][16][19][24][47][50] the endpoint refuses %s, and does nothing', async (_, ask) => {
    expectError(await ask(), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  const authorization = (): readonly [string, string] => ['Authorization', basic(client).authorization!];

  function multipart(): FormData {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields())) body.set(name, value);
    return body;
  }

  it.each<[string, () => Promise<Answer>]>([
    ['no credentials', () => postForm(`${app.url}${path}`, form())],
    ['a client_id alone', () => postForm(`${app.url}${path}`, `${form()}&client_id=${client.clientId}`)],
    ['an empty secret', () => postForm(`${app.url}${path}`, `${form()}&client_id=${poster.clientId}&client_secret=`)],
    ['a wrong secret', () => post(form(), basic({ ...client, secret: generateSecret() }))],
    [
      'a wrong secret in the body',
      () => postForm(`${app.url}${path}`, `${form()}&client_id=${poster.clientId}&client_secret=x`),
    ],
    ["another client's secret", () => post(form(), basic({ ...client, secret: poster.secret }))],
    ['another method than that of a strict client', () => post(form(), basic(poster))],
    ['a malformed header', () => post(form(), { authorization: 'Basic ***' })],
    ['a Bearer token', () => post(form(), { authorization: `Bearer ${refreshToken}` })],
    ['an unknown client', () => post(form(), basic({ clientId: 'nobody', secret: generateSecret() }))],
    ['a client with a NUL in its name', () => post(form(), basic({ clientId: 'a\0b', secret: 'x' }))],
  ])('[18][44][45][46][51][55] the endpoint authenticates no client with %s', async (_, ask) => {
    expectError(await ask(), 401, 'invalid_client');
    await expectAlive(app, client, refreshToken);
  });

  it('[18] credentials in the URL are refused for what they are', async () => {
    const url = `${app.url}${path}?client_id=${poster.clientId}&client_secret=${poster.secret}`;
    expectError(await postForm(url, form()), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it.each([
    '%00',
    '%0d%0a',
    '%f0%9f%98%80',
    '..%2f..',
    "'%20OR%20'1'='1",
    'rt_%00',
    'at_%00',
    'a.b.c',
    `rt_${'A'.repeat(60)}`,
    'x'.repeat(8000),
  ])('[21][22] the endpoint does not accept %s as a token', async (token) => {
    const answer = await post(`grant_type=refresh_token&refresh_token=${token}&token=${token}`);
    if (path === '/token') expectError(answer, 400, 'invalid_grant');
    else expect(answer).toMatchObject({ status: 200, text: path === '/revoke' ? '{}' : '{"active":false}' });
  });

  it('[80] the endpoint prevents sniffing and does not name its software', async () => {
    for (const answer of [
      await post(form(), { origin: 'https://evil.test' }),
      await post('', { origin: 'https://evil.test' }),
    ]) {
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => name === 'server' || name === 'x-powered-by')).toEqual([]);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it.each(['/', '%2f', '//', ';x', '%00', '.json', '/..'])(
    '[33] the endpoint does not exist with "%s" appended',
    async (suffix) => {
      const answer = await exchange(app.url, {
        path: `${path}${suffix}`,
        headers: [FORM, authorization()],
        body: form(),
      });
      expectError(answer, 404, 'not_found');
      await expectAlive(app, client, refreshToken);
    },
  );
});

it('[78] the correlation id is generated by the service and never taken from the caller', async () => {
  const answer = await postForm(
    `${app.url}/token`,
    {},
    { ...basic(client), 'x-correlation-id': 'mine', 'request-id': 'mine' },
  );
  expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect((await introspect(app, client, 'x')).headers.get('x-correlation-id')).not.toBe(
    answer.headers.get('x-correlation-id'),
  );
});
