/** The content of a successful token response. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateTokenKey } from '../../src/keys/token-key.js';
import { mintRefreshToken } from '../../src/families/refresh-token.js';
import { Canaries } from '../support/canaries.js';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { postAs, postForm, refresh, send, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app, { accessTokenTtlSeconds: 300 });
});
afterAll(() => app.close());
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
    expect(claimsOf(body.access_token)).toMatchObject({ sub: `client:${client.clientId}`, client_id: client.clientId });
    expect(claimsOf(body.access_token).sid).toBeUndefined();
  });
});

describe('the tokens', () => {
  it('[76] tokens cannot be guessed: ten thousand refresh tokens differ, and 192 bits of each are a MAC', () => {
    const key = generateTokenKey(1);
    const handle = randomUUID();
    const tokens = Array.from({ length: 5000 }, (_, generation) => mintRefreshToken({ handle, generation }, key));
    tokens.push(...Array.from({ length: 5000 }, () => mintRefreshToken({ handle: randomUUID(), generation: 0 }, key)));
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
    expect(dump).toContain('token_families.sid: ');
    expect(canaries.leaksIn(dump)).toEqual([]);
    expect(canaries.leaksIn(app.logs.join(''))).toEqual([]);
  });
});

describe('a request from a web page', () => {
  it.each(['https://evil.test', 'null', 'http://rekey.test'])(
    '[79] a web page of %s may not read the response',
    async (origin) => {
      const { refreshToken } = await startFamily(app, client);
      const body = { grant_type: 'refresh_token', refresh_token: refreshToken };
      for (const answer of [
        await postForm(`${app.url}/token`, body, { origin }),
        await postAs({ ...client, method: 'client_secret_basic' }, `${app.url}/token`, body),
        await send(`${app.url}/token`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization',
          },
        }),
      ]) {
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
    },
  );
});
