/** Transport and parameters of token requests. */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { expectAlive, expectError, serverErrors } from '../support/expectations.js';
import { exchange, exchangeBytes, exchangeUnfinished, FORM } from '../support/raw-http.js';
import { basic, postForm, refresh, send, type Answer, postAs } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { randomBytes, randomUUID } from 'node:crypto';
import { generateTokenKey } from '../../src/keys/token-key.js';
import { mintRefreshToken } from '../../src/families/refresh-token.js';
import { Canaries } from '../support/canaries.js';
import { dumpDatabase } from '../support/database-dump.js';

let app: TestApp;
let client: TestClient;
let refreshToken: string;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app);
});
afterAll(() => app.close());
beforeEach(async () => {
  refreshToken = (await startFamily(app, client)).refreshToken;
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** A token request of the client with this raw body. */
const post = (body: string, headers: Record<string, string> = {}, path = '/token'): Promise<Answer> =>
  postForm(`${app.url}${path}`, body, { ...basic(client), ...headers });

const refreshBody = (): string => `grant_type=refresh_token&refresh_token=${refreshToken}`;

const authorization = (): readonly [string, string] => ['Authorization', basic(client).authorization!];

describe('the method', () => {
  it('[1] GET gets no token, and consumes none', async () => {
    const answer = await send(`${app.url}/token?${refreshBody()}`, { headers: basic(client) });
    expectError(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('POST');
    await expectAlive(app, client, refreshToken);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('[2] %s is not allowed', async (method) => {
    const body = method === 'OPTIONS' ? {} : { body: refreshBody() };
    const answer = await send(`${app.url}/token`, {
      method,
      headers: { ...basic(client), 'content-type': 'application/x-www-form-urlencoded' },
      ...body,
    });
    expectError(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toContain('POST');
    await expectAlive(app, client, refreshToken);
  });

  it('[3] HEAD is answered like GET, without a body and without a token', async () => {
    const before = await requestCount('HEAD', 405);
    const answer = await exchange(app.url, {
      method: 'HEAD',
      path: `/token?${refreshBody()}`,
      headers: [authorization()],
    });
    expect(answer).toMatchObject({ status: 405, text: '' });
    expect(answer.headers.get('allow')).toBe('POST');
    expect(await requestCount('HEAD', 405)).toBe(before + 1);
    await expectAlive(app, client, refreshToken);
  });
});

/** What the metrics have counted of a method and a status. */
async function requestCount(method: string, status: number): Promise<number> {
  const { text } = await send(`${app.url}/metrics`);
  const lines = text.split('\n').filter((line) => line.startsWith('rekey_http_requests_total{'));
  const counted = lines.filter((line) => line.includes(`method="${method}"`) && line.includes(`status="${status}"`));
  return counted.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('the content type', () => {
  it('[4] a JSON body is not a token request', async () => {
    const body = JSON.stringify({ grant_type: 'refresh_token', refresh_token: refreshToken });
    expectError(await post(body, { 'content-type': 'application/json' }), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it.each([
    ['broken JSON', 'application/json', '{"grant_type":'],
    ['JSON that names a prototype', 'application/json', '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}'],
    ['JSON that is not an object', 'application/json', '[1]'],
    ['empty JSON', 'application/json', ''],
    ['text', 'text/plain', 'grant_type=refresh_token'],
    ['XML', 'application/xml', '<a/>'],
  ])('[4][81] the content type %s is an invalid_request', async (_, contentType, body) => {
    const answer = await post(body, { 'content-type': contentType });
    expectError(answer, 400, 'invalid_request');
    if (!contentType.endsWith('json')) {
      expect(answer.body.error_description).toContain('application/x-www-form-urlencoded');
    }
  });

  it.each(['Application/X-WWW-Form-Urlencoded; charset=UTF-8', 'application/x-www-form-urlencoded;charset=utf-8'])(
    '[5] the media type is case-insensitive and may have parameters: %s',
    async (contentType) => {
      expect((await post(refreshBody(), { 'content-type': contentType })).status).toBe(200);
    },
  );

  it.each([
    ['a tab and more', 'application/x-www-form-urlencoded\ta'],
    ['garbage behind it', 'application/x-www-form-urlencoded garbage'],
    ['garbage before it', 'x application/x-www-form-urlencoded'],
    ['a longer name', 'application/x-www-form-urlencodedx'],
    ['a comma', 'application/x-www-form-urlencoded, application/json'],
    ['a slash', '/'],
    ['nothing', ''],
  ])('[6] a malformed content type gets no token: %s', async (_, contentType) => {
    const headers = [['Content-Type', contentType], authorization()] as const;
    expectError(await exchange(app.url, { path: '/token', headers, body: refreshBody() }), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it('[6] spaces around the header value are ignored (RFC 9110 §5.5)', async () => {
    const headers = [['Content-Type', '   application/x-www-form-urlencoded  '], authorization()] as const;
    expect((await exchange(app.url, { path: '/token', headers, body: refreshBody() })).status).toBe(200);
  });

  it('[6] two content types get no token', async () => {
    const headers = [['Content-Type', 'application/json'], FORM, authorization()] as const;
    expectError(await exchange(app.url, { path: '/token', headers, body: refreshBody() }), 400, 'invalid_request');
  });

  it('[7] multipart/form-data is refused', async () => {
    const body = new FormData();
    body.set('grant_type', 'refresh_token');
    body.set('refresh_token', refreshToken);
    const answer = await send(`${app.url}/token`, { method: 'POST', headers: basic(client), body });
    expectError(answer, 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it('[8] a body without a content type is refused', async () => {
    const answer = await exchange(app.url, { path: '/token', headers: [authorization()], body: refreshBody() });
    expectError(answer, 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it.each(['gzip', 'deflate', 'br', 'identity'])(
    '[9] Content-Encoding %s is refused, and nothing is decompressed',
    async (encoding) => {
      const zeros = gzipSync(Buffer.alloc(1024 * 1024)).toString('latin1');
      const headers = [FORM, authorization(), ['Content-Encoding', encoding]] as const;
      const answer = await exchange(app.url, { path: '/token', headers, body: zeros });
      expectError(answer, 415, 'invalid_request');
    },
  );
});

describe('the parameters', () => {
  it('[10] a parameter without a value counts as omitted', async () => {
    const answer = await post(`${refreshBody()}&scope=`);
    expect(answer.status).toBe(200);
    expect(answer.body.scope).toBe('a b c');
  });

  it.each([
    'grant_type=refresh_token&refresh_token=',
    'grant_type=refresh_token&refresh_token',
    'grant_type=&refresh_token=x',
  ])('[11] a required parameter without a value is missing: %s', async (body) => {
    expectError(await post(body), 400, 'invalid_request');
  });

  it('[12] unrecognised parameters are ignored', async () => {
    expect((await post(`${refreshBody()}&foo=bar&x[y]=1&audience=https://elsewhere&=nameless`)).status).toBe(200);
  });

  it('[13] a repeated grant_type is invalid_request', async () => {
    expectError(await post(`grant_type=refresh_token&${refreshBody()}`), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it('[14] a repeated refresh_token is invalid_request, and the token stays valid', async () => {
    expectError(await post(`${refreshBody()}&refresh_token=${refreshToken}`), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it.each(['scope=a&scope=b', 'scope=a&scope=a', 'scope=&scope=a', 'scope=a&s%63ope=b'])(
    '[15] a repeated scope is invalid_request: %s',
    async (scopes) => {
      expectError(await post(`${refreshBody()}&${scopes}`), 400, 'invalid_request');
      await expectAlive(app, client, refreshToken);
    },
  );

  it.each(['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'foo'])(
    '[16] a repeated %s is invalid_request, before authentication',
    async (name) => {
      const body = `${refreshBody()}&${name}=x&${name}=x`;
      expectError(await postForm(`${app.url}/token`, body), 400, 'invalid_request');
      expectError(await post(body), 400, 'invalid_request');
      await expectAlive(app, client, refreshToken);
    },
  );

  it.each([
    'refresh_token[]=RT',
    'refresh_token[0]=RT',
    'refresh_token[$ne]=x',
    '__proto__[a]=1',
    '__proto__=1',
    'constructor[prototype][a]=1',
  ])('[17] nested and array syntax does not set the parameter: %s', async (parameter) => {
    const answer = await post(`grant_type=refresh_token&${parameter.replace('RT', refreshToken)}`);
    expectError(answer, 400, 'invalid_request');
    expect(({} as Record<string, unknown>).a).toBeUndefined();
    await expectAlive(app, client, refreshToken);
  });

  it('[18] credentials in the URL do not authenticate, and are refused for what they are', async () => {
    const poster = await confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post' });
    const path = `/token?client_id=${poster.clientId}&client_secret=${poster.secret}`;
    expectError(await postForm(`${app.url}${path}`, 'grant_type=client_credentials'), 400, 'invalid_request');
  });

  it('[19] grant parameters in the URL are ignored and not logged', async () => {
    const answer = await post('', {}, `/token?${refreshBody()}`);
    expectError(answer, 400, 'invalid_request');
    expect(app.logs.filter((line) => line.includes(refreshToken))).toEqual([]);
    await expectAlive(app, client, refreshToken);
  });

  it.each(['scope=a+b', 'scope=a%20b', 'scope=%61+%62'])('[20] %s means the scopes a and b', async (scope) => {
    const answer = await post(`${refreshBody()}&${scope}`);
    expect(answer.status).toBe(200);
    expect(answer.body.scope).toBe('a b');
  });

  it.each(['scope=%zz', 'scope=%', 'scope=a%2', 'refresh_token=%ff%fe', '%zz=1', 'scope=%ed%a0%80', 'scope=%c0%80'])(
    '[21] broken percent-encoding and invalid UTF-8 are malformed: %s',
    async (parameter) => {
      expectError(await post(`grant_type=refresh_token&${parameter}`), 400, 'invalid_request');
    },
  );

  it('[21] a body that is not UTF-8 is malformed', async () => {
    const body = `grant_type=refresh_token&refresh_token=\xff\xfe${refreshToken}`;
    expectError(
      await exchange(app.url, { path: '/token', headers: [FORM, authorization()], body }),
      400,
      'invalid_request',
    );
    await expectAlive(app, client, refreshToken);
  });

  it.each(['%00', '%0a', '%0d%0a', '%20', '+', '%7f'])(
    '[22] a token followed by %s is not a token',
    async (character) => {
      expectError(await post(`${refreshBody()}${character}`), 400, 'invalid_grant');
      await expectAlive(app, client, refreshToken);
    },
  );

  it.each([
    ['grant_type=refresh_token%00', 400, 'unsupported_grant_type'],
    ['grant_type=client_credentials&scope=a%00', 400, 'invalid_scope'],
    ['grant_type=client_credentials&scope=a%09b', 400, 'invalid_scope'],
    ['grant_type=client_credentials&client_id=a%00', 400, 'invalid_request'],
  ])('[22] control characters are refused in every parameter: %s', async (body, status, code) => {
    expectError(await post(body), status, code);
  });

  it.each(['client_id=%00', 'client_id=a%00b&client_secret=x', 'client_id=%0d%0a', 'client_id=x&client_secret=%00'])(
    '[22] control characters in credentials are refused: %s',
    async (credentials) => {
      expectError(await postForm(`${app.url}/token`, `${refreshBody()}&${credentials}`), 401, 'invalid_client');
      await expectAlive(app, client, refreshToken);
    },
  );
});

describe('the limits', () => {
  it('[23] a body of 64 KiB is refused, and the service keeps working', async () => {
    const answer = await post(`${refreshBody()}&padding=${'x'.repeat(64 * 1024)}`);
    expectError(answer, 413, 'request_too_large');
    await expectAlive(app, client, refreshToken);
  });

  it('[23] a chunked body of 64 KiB without a length is refused too', async () => {
    const chunk = `${(16 * 1024).toString(16)}\r\n${'x'.repeat(16 * 1024)}\r\n`;
    const answer = await exchangeBytes(
      app.url,
      `POST /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}0\r\n\r\n`,
    );
    expectError(answer, 413, 'request_too_large');
  });

  it('[24] a thousand parameters are refused', async () => {
    const parameters = Array.from({ length: 1000 }, (_, index) => `p${index}=v`).join('&');
    expectError(await post(`${refreshBody()}&${parameters}`), 400, 'invalid_request');
    expectError(await post('&'.repeat(15_000)), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it('[25] a body that does not arrive in time is cut off without delaying others', async () => {
    const server = app.nest.getHttpServer() as { requestTimeout: number; headersTimeout: number };
    const { requestTimeout, headersTimeout } = server;
    expect(requestTimeout).toBeGreaterThan(0);
    expect(requestTimeout).toBeLessThanOrEqual(30_000);
    Object.assign(server, { requestTimeout: 200, headersTimeout: 200 });
    try {
      const slow = exchangeUnfinished(app.url, {
        path: '/token',
        headers: [FORM, authorization()],
        body: refreshBody(),
      });
      expect((await refresh(app, client, refreshToken)).status).toBe(200);
      expectError(await slow, 408, 'invalid_request');
    } finally {
      Object.assign(server, { requestTimeout, headersTimeout });
    }
  });
});

describe('the endpoint', () => {
  it('[27] the token endpoint has no fragment in its URL', async () => {
    const { body } = await send(`${app.url}/.well-known/oauth-authorization-server`);
    expect(body.token_endpoint).toBe(`${app.issuer}/token`);
    expect(body.token_endpoint).not.toContain('#');
  });

  it.each([
    '//token',
    '/token/',
    '/token//',
    '/Token',
    '/TOKEN',
    '/token%2f',
    '/token;a=b',
    '/./token',
    '/x/../token',
    '/token%00',
    '/tok%65n/',
  ])('[33] %s is not the token endpoint', async (path) => {
    const request = { path, headers: [FORM, authorization()], body: refreshBody() };
    expectError(await exchange(app.url, request), 404, 'not_found');
    await expectAlive(app, client, refreshToken);
  });

  it('[33] /%74oken is the token endpoint, with all its guards', async () => {
    const path = '/%74oken';
    expectError(await exchange(app.url, { path, headers: [FORM], body: refreshBody() }), 401, 'invalid_client');
    expectError(await exchange(app.url, { method: 'GET', path }), 405, 'method_not_allowed');
    const answer = await exchange(app.url, { path, headers: [FORM, authorization()], body: refreshBody() });
    expect(answer.status).toBe(200);
  });

  it('[33] an absolute request target is the same endpoint', async () => {
    const request = { path: 'http://elsewhere.test/token', headers: [FORM], body: refreshBody() };
    expect([401, 404]).toContain((await exchange(app.url, request)).status);
  });
});

describe('the grant type', () => {
  it('[28] a missing grant_type is invalid_request', async () => {
    expectError(await post(`refresh_token=${refreshToken}`), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it.each(['foo', 'password', 'urn:ietf:params:oauth:grant-type:device_code', 'toString', '__proto__'])(
    '[29] %s is an unsupported_grant_type',
    async (grantType) => {
      expectError(await post(`grant_type=${encodeURIComponent(grantType)}`), 400, 'unsupported_grant_type');
    },
  );

  it('[29] an overlong grant_type is refused', async () => {
    expectError(await post(`grant_type=${'x'.repeat(10_000)}`), 400, 'invalid_request');
  });

  it.each(['Refresh_Token', 'REFRESH_TOKEN', 'refresh_token ', ' refresh_token'])(
    '[30] the grant type is case-sensitive and exact: "%s"',
    async (grantType) => {
      const body = new URLSearchParams({ grant_type: grantType, refresh_token: refreshToken }).toString();
      expectError(await post(body), 400, 'unsupported_grant_type');
      await expectAlive(app, client, refreshToken);
    },
  );

  it('[31] a grant that the client may not use is unauthorized_client', async () => {
    const other = await confidentialClient(app, { grantTypes: ['client_credentials'] });
    expectError(await refresh(app, other, refreshToken), 400, 'unauthorized_client');
    const refresher = await confidentialClient(app, { grantTypes: ['refresh_token'] });
    const answer = await postForm(`${app.url}/token`, 'grant_type=client_credentials', basic(refresher));
    expectError(answer, 400, 'unauthorized_client');
    await expectAlive(app, client, refreshToken);
  });

  it('[32] there is no password grant', async () => {
    expectError(await post('grant_type=password&username=u1&password=p'), 400, 'unsupported_grant_type');
    const { clientId } = await publicClient(app);
    const body = `grant_type=password&username=u1&password=p&client_id=${clientId}`;
    expectError(await postForm(`${app.url}/token`, body), 400, 'unsupported_grant_type');
  });
});

/** The content of a successful token response. */
describe('the token response', () => {
  let client: TestClient;

  beforeAll(async () => {
    client = await confidentialClient(app, { accessTokenTtlSeconds: 300 });
  });
  afterEach(() => expect(serverErrors(app)).toEqual([]));

  const clientCredentials = (one: TestClient, fields: Record<string, string> = {}): Promise<Answer> =>
    postAs(one, `${app.url}/token`, { grant_type: 'client_credentials', ...fields });

  const refreshed = async (one: TestClient, fields: Record<string, string> = {}): Promise<Answer> =>
    refresh(app, one, (await startFamily(app, one)).refreshToken, fields);

  const claimsOf = (accessToken: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

  /** All ways to get a token. */
  const ways: [string, () => Promise<Answer>][] = [
    ['a refresh', () => refreshed(client)],
    ['a refresh that narrows the scope', () => refreshed(client, { scope: 'a' })],
    ['a refresh of a public client', async () => refreshed(await publicClient(app, { accessTokenTtlSeconds: 300 }))],
    [
      'a refresh of a client with opaque access tokens',
      async () => refreshed(await confidentialClient(app, { accessTokenFormat: 'opaque', accessTokenTtlSeconds: 300 })),
    ],
    [
      'a refresh without rotation',
      async () => refreshed(await confidentialClient(app, { rotation: 'never', accessTokenTtlSeconds: 300 })),
    ],
    [
      'a retry',
      async () => {
        const { refreshToken } = await startFamily(app, client);
        await refresh(app, client, refreshToken);
        return refresh(app, client, refreshToken);
      },
    ],
    ['client_credentials', () => clientCredentials(client)],
  ];

  describe.each(ways)('the answer to %s', (way, ask) => {
    let answer: Answer;
    beforeAll(async () => {
      answer = await ask();
    });

    it('[65] the token response has status 200', () => {
      expect(answer.status).toBe(200);
    });

    it('[66] the token response is application/json', () => {
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    });

    it('[67][68] the token response must not be stored', () => {
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(answer.headers.get('pragma')).toBe('no-cache');
    });

    it('[69] the token response has an access token of type Bearer', () => {
      expect(answer.body.access_token).toMatch(/^[A-Za-z0-9._~-]{40,}$/);
      expect(answer.body.token_type).toBe('Bearer');
    });

    it('[70] the token response has the lifetime in whole seconds', () => {
      expect(Number.isInteger(answer.body.expires_in)).toBe(true);
      expect(answer.body.expires_in).toBe(300);
      if (String(answer.body.access_token).includes('.')) {
        const { iat, exp } = claimsOf(answer.body.access_token) as { iat: number; exp: number };
        expect(exp - iat).toBe(answer.body.expires_in);
      }
    });

    it('[72] the token response has exactly these members, each of its type', () => {
      const members = ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type'];
      const expected = way === 'client_credentials' ? members.filter((name) => name !== 'refresh_token') : members;
      expect(Object.keys(answer.body).sort()).toEqual(expected);
      for (const name of expected) expect(typeof answer.body[name]).toBe(name === 'expires_in' ? 'number' : 'string');
    });

    it('[73] the token response has a refresh token if the grant has one, and none for client_credentials', () => {
      expect(answer.body.refresh_token ?? null).toEqual(
        way === 'client_credentials' ? null : expect.stringMatching(/^rt_[A-Za-z0-9_-]{60}$/),
      );
    });

    it('[78] the token response has a correlation id, which the audit log has too', async () => {
      const correlationId = answer.headers.get('x-correlation-id');
      expect(correlationId).toMatch(/^[0-9a-f-]{36}$/);
      const rows = await app.database.query<{ event: string }[]>(
        'SELECT event FROM audit_events WHERE correlation_id = $1',
        [correlationId],
      );
      expect(rows).toHaveLength(1);
      expect(app.logs.some((line) => line.includes(`"correlation_id":"${correlationId}"`))).toBe(true);
    });

    it('[79] the token response may not be read by other origins', () => {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    });

    it('[80] the token response prevents sniffing and does not name its software', () => {
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.has('x-powered-by')).toBe(false);
      expect(answer.headers.has('server')).toBe(false);
    });
  });

  describe('the scope', () => {
    it('[71] the response names the scope of the token: the requested one, or all of the grant', async () => {
      expect((await refreshed(client, { scope: 'a' })).body.scope).toBe('a');
      expect(
        String((await refreshed(client, { scope: 'c a' })).body.scope)
          .split(' ')
          .sort(),
      ).toEqual(['a', 'c']);
      expect((await refreshed(client)).body.scope).toBe('a b c');
      expect((await clientCredentials(client, { scope: 'b' })).body.scope).toBe('b');
    });

    it('[75] client_credentials without a scope gets every scope of the client', async () => {
      const answer = await clientCredentials(client);
      expect(answer.body.scope).toBe('a b c');
      expect(claimsOf(answer.body.access_token).scope).toBe('a b c');
    });

    it('[75] client_credentials with a scope beyond the client is invalid_scope', async () => {
      expectError(await clientCredentials(client, { scope: 'a d' }), 400, 'invalid_scope');
      expectError(await clientCredentials(client, { scope: 'A' }), 400, 'invalid_scope');
    });
  });

  describe('client_credentials', () => {
    it.each(['openid', 'offline_access', 'a openid'])(
      'client_credentials does not grant scopes that need a user: %s is invalid_scope if requested, and left out if not',
      async (scope) => {
        const one = await confidentialClient(app, {
          grantTypes: ['client_credentials', 'authorization_code', 'refresh_token'],
          redirectUris: ['https://client.test/callback'],
          scopes: ['openid', 'a', 'offline_access', 'b'],
        });
        expectError(await clientCredentials(one, { scope }), 400, 'invalid_scope');
        const answer = await clientCredentials(one);
        expect(answer.body.scope).toBe('a b');
        expect(answer.body).not.toHaveProperty('id_token');
      },
    );

    it('[74] client_credentials is not for public clients', async () => {
      const named = await publicClient(app);
      expectError(await clientCredentials(named), 400, 'unauthorized_client');
      // Even if a registration allows it, in violation of the registration rules.
      await app.database.query(`UPDATE clients SET grant_types = '{client_credentials}' WHERE client_id = $1`, [
        named.clientId,
      ]);
      app.clock.advanceSeconds(1);
      expectError(await clientCredentials(named), 400, 'unauthorized_client');
    });

    it('[73] client_credentials yields a subject that no user can have', async () => {
      const { body } = await clientCredentials(client);
      expect(claimsOf(body.access_token)).toMatchObject({
        sub: `client:${client.clientId}`,
        client_id: client.clientId,
      });
      expect(claimsOf(body.access_token).familyId).toBeUndefined();
    });
  });

  describe('the tokens', () => {
    it('[76] tokens cannot be guessed: ten thousand refresh tokens differ, and 192 bits of each are a MAC', () => {
      const key = generateTokenKey(1);
      const handle = randomUUID();
      const tokens = Array.from({ length: 5000 }, (_, generation) => mintRefreshToken({ handle, generation }, key));
      tokens.push(
        ...Array.from({ length: 5000 }, () => mintRefreshToken({ handle: randomUUID(), generation: 0 }, key)),
      );
      expect(new Set(tokens).size).toBe(10_000);
      expect(tokens.filter((token) => !/^rt_[A-Za-z0-9_-]{60}$/.test(token))).toEqual([]);
      const macs = tokens.map((token) => Buffer.from(token.slice(3), 'base64url').subarray(21));
      expect(macs.every((mac) => mac.length * 8 === 192)).toBe(true);
      expect(new Set(macs.map(String)).size).toBe(10_000);
    });

    it('[76] different requests get different tokens', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => refreshed(client)));
      answers.push(...(await Promise.all(Array.from({ length: 50 }, () => clientCredentials(client)))));
      expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(100);
      expect(new Set(answers.map(({ body }) => claimsOf(body.access_token).jti)).size).toBe(100);
    });

    it('[76] tokens made up from all that is known except the key are invalid', async () => {
      const { refreshToken } = await startFamily(app, client);
      const bytes = Buffer.from(refreshToken.slice(3), 'base64url');
      for (let byte = 0; byte < bytes.length; byte += 1) {
        const forged = Buffer.from(bytes);
        forged.writeUInt8(forged.readUInt8(byte) ^ 1, byte);
        expectError(await refresh(app, client, `rt_${forged.toString('base64url')}`), 400, 'invalid_grant');
      }
      const guessed = `rt_${Buffer.concat([bytes.subarray(0, 21), randomBytes(24)]).toString('base64url')}`;
      expectError(await refresh(app, client, guessed), 400, 'invalid_grant');
      expect((await refresh(app, client, refreshToken)).status).toBe(200);
    });

    it('[77] tokens are not stored', async () => {
      const canaries = new Canaries();
      for (const [way, ask] of ways) {
        const { body } = await ask();
        canaries.add(`access token of ${way}`, body.access_token);
        if (body.refresh_token) canaries.addRefreshToken(`refresh token of ${way}`, body.refresh_token);
      }
      const dump = await dumpDatabase(app.database);
      expect(dump).toContain('token_families.family_id: ');
      expect(canaries.leaksIn(dump)).toEqual([]);
      expect(canaries.leaksIn(app.logs.join(''))).toEqual([]);
    });
  });
});
