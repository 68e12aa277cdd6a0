/** Redeeming an authorization code: once, by its client, and the response to a stolen one. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { auditOf } from '../support/audit-trail.js';
import { withLostStatements } from '../support/failing-statements.js';
import { exchange as exchangeRaw } from '../support/raw-http.js';
import { credentialsOf, introspect, postAs, postForm, refresh, send, type Answer } from '../support/requests.js';
import type { TestClient } from '../support/clients.js';
import { expectError } from '../support/expectations.js';
import {
  authorize,
  Authorization,
  aUser,
  browserClient,
  REDIRECT_URI,
  signInAndExchange,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

let app: TestApp;
let client: TestClient;
let user: TestUser;
let visitor: Visitor;

beforeAll(async () => {
  app = await startApp({ background: false });
  client = await webClient(app, { mayIntrospect: true, audience: ['https://api.test', 'https://other.test'] });
  user = await aUser(app);
  visitor = new Visitor(app);
});
afterAll(() => app.close());

/** Issues a code. */
async function aCode(overrides: Record<string, string | null> = {}, of = client) {
  const authorization = new Authorization(of, overrides);
  const answer = await authorize(app, user, authorization, visitor);
  return { authorization, code: answer.get('code')! };
}

const exchange = async (
  { authorization, code }: Awaited<ReturnType<typeof aCode>>,
  fields: Record<string, string> = {},
  by = client,
) => authorization.exchange(app, by, code, fields);

describe('a code', () => {
  it('a code is redeemed for an access token, a refresh token and an ID token', async () => {
    const answer = await exchange(await aCode());
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'openid offline_access read', expires_in: 600 });
    expect(answer.body.id_token).toMatch(/^eyJ/);
    const { body } = await introspect(app, client, answer.body.access_token);
    expect(body).toMatchObject({
      active: true,
      sub: user.subject,
      client_id: client.clientId,
      acr: 'urn:rekey:password',
    });
    expect((await refresh(app, client, answer.body.refresh_token)).status).toBe(200);
  });

  it('[253, 254] a replayed code is refused, and its family is revoked', async () => {
    const code = await aCode();
    const first = await exchange(code);
    const refreshed = await refresh(app, client, first.body.refresh_token);
    const replay = await exchange(code);
    expectError(replay, 400, 'invalid_grant');
    expectError(await refresh(app, client, refreshed.body.refresh_token), 400, 'invalid_grant');
    for (const { body } of [first, refreshed]) {
      expect((await introspect(app, client, body.access_token)).body).toEqual({ active: false });
    }
    expect((await auditOf(app, replay)).map(({ event }) => event)).toEqual(['code.replayed']);
  });

  it('[257] of fifty concurrent redemptions one succeeds, and the replays revoke the family', async () => {
    const code = await aCode();
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(code)));
    const [won] = answers.filter(({ status }) => status === 200);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 49 }, () => 400)]);
    expectError(await refresh(app, client, won!.body.refresh_token), 400, 'invalid_grant');
    expect((await introspect(app, client, won!.body.access_token)).body).toEqual({ active: false });
  });

  it('a code is not consumed if the database fails before the claims of its ID token are read', async () => {
    const code = await aCode({ claims: '{"id_token":{"preferred_username":null}}', prompt: 'consent' });
    const failed = await withLostStatements(app, /FROM users/, () => exchange(code));
    expect([failed.result.status, failed.lost]).toEqual([503, 1]);
    const answer = await exchange(code);
    expect(answer.status).toBe(200);
    expect(decodeJwt(answer.body.id_token)['preferred_username']).toBe(user.username);
    const next = await refresh(app, client, answer.body.refresh_token);
    expect(decodeJwt(next.body.id_token)['preferred_username']).toBe(user.username);
  });

  it('[255] a code is valid for a minute', async () => {
    const [inTime, late] = [await aCode(), await aCode()];
    app.clock.advance(59_000);
    expect((await exchange(inTime)).status).toBe(200);
    app.clock.advance(1000);
    expectError(await exchange(late), 400, 'invalid_grant');
  });

  it.each([
    ['another redirect URI', { redirect_uri: 'https://client.test/elsewhere' }],
    ['no redirect URI, although the request named one', { redirect_uri: '' }],
  ])('[256] a code with %s is refused, and its family is revoked', async (_title, fields) => {
    const code = await aCode();
    expectError(await exchange(code, fields), 400, 'invalid_grant');
    expectError(await exchange(code), 400, 'invalid_grant');
  });

  it('[256] a code of another client is refused, and stays valid for its own client', async () => {
    const code = await aCode();
    expectError(await exchange(code, {}, await webClient(app)), 400, 'invalid_grant');
    expect((await exchange(code)).status).toBe(200);
  });

  it('the token request may omit the redirect URI if the authorization request did', async () => {
    const code = await aCode({ redirect_uri: null });
    expect((await exchange(code)).status).toBe(200);
    const other = await aCode({ redirect_uri: null });
    expectError(await exchange(other, { redirect_uri: 'https://client.test/elsewhere' }), 400, 'invalid_grant');
  });

  it('[258] a code with the wrong verifier is refused, and its family is revoked', async () => {
    const code = await aCode();
    expectError(await exchange(code, { code_verifier: 'x'.repeat(43) }), 400, 'invalid_grant');
    expectError(await exchange(code), 400, 'invalid_grant');
  });

  it.each([
    ['too short', 'x'.repeat(42)],
    ['too long', 'x'.repeat(129)],
    ['of other characters', `${'x'.repeat(42)}!`],
  ])('[259] a malformed verifier (%s) is invalid_request, and does not consume the code', async (_title, verifier) => {
    const code = await aCode();
    const refused = await exchange(code, { code_verifier: verifier });
    expectError(refused, 400, 'invalid_request');
    expect(await auditOf(app, refused)).toMatchObject([{ event: 'token.refused', reason: 'bad_code_verifier' }]);
    expect((await exchange(code)).status).toBe(200);
  });

  it('[260] a code without its verifier is refused', async () => {
    expectError(await exchange(await aCode(), { code_verifier: '' }), 400, 'invalid_grant');
  });

  it('[261] a code issued without a challenge is refused with a verifier', async () => {
    const excused = await webClient(app, { requirePkce: false });
    const none = { code_challenge: null, code_challenge_method: null };
    const code = await aCode(none, excused);
    expectError(await exchange(code, {}, excused), 400, 'invalid_request');
    const plain = await aCode(none, excused);
    expect((await exchange(plain, { code_verifier: '' }, excused)).status).toBe(200);
  });

  it('a code is not accepted as a refresh token, nor a refresh token as a code', async () => {
    const code = await aCode();
    expectError(await refresh(app, client, code.code), 400, 'invalid_grant');
    const { body } = await exchange(code);
    expectError(await exchange({ ...code, code: body.refresh_token }), 400, 'invalid_grant');
    expectError(await refresh(app, client, code.code.replace('ac_', 'rt_')), 400, 'invalid_grant');
  });

  it.each([
    ['nothing', ''],
    ['a letter', 'x'],
    ['its prefix', 'ac_'],
    ['a short one', 'ac_AAAA'],
    ['a long one', `ac_${'A'.repeat(9000)}`],
    ['another prefix', 'rt_x'],
    ['no letter', '🔑'],
  ])('a code that was never issued (%s) is refused', async (_title, code) => {
    const { authorization } = await aCode();
    const answer = await authorization.exchange(app, client, code);
    expectError(answer, 400, code === '' ? 'invalid_request' : 'invalid_grant');
  });

  it('a code with any character changed is refused, and the original stays valid', async () => {
    const code = await aCode();
    for (const at of [3, 10, 40, 100, code.code.length - 1]) {
      const other = code.code[at] === 'A' ? 'B' : 'A';
      const changed = code.code.slice(0, at) + other + code.code.slice(at + 1);
      expectError(await exchange({ ...code, code: changed }), 400, 'invalid_grant');
    }
    expect((await exchange(code)).status).toBe(200);
  });

  it('a client without rotation redeems a code once, too', async () => {
    const never = await webClient(app, { rotation: 'never' });
    const code = await aCode({}, never);
    const { body } = await exchange(code, {}, never);
    expect((await refresh(app, never, body.refresh_token)).body.refresh_token).toBe(body.refresh_token);
    expectError(await exchange(code, {}, never), 400, 'invalid_grant');
    expectError(await refresh(app, never, body.refresh_token), 400, 'invalid_grant');
  });

  it('a public client redeems a code with its verifier and without a secret', async () => {
    const spa = await browserClient(app);
    const code = await aCode({}, spa);
    expect((await exchange(code, {}, spa)).status).toBe(200);
  });

  it('a code does not reveal the handle of its family', async () => {
    const { code } = await aCode();
    const handles = await app.database.query<{ id: string }[]>('SELECT id FROM token_families');
    const bytes = Buffer.from(code.slice(3), 'base64url').toString('latin1');
    for (const { id } of handles) {
      expect(code).not.toContain(id);
      expect(bytes).not.toContain(Buffer.from(id.replaceAll('-', ''), 'hex').toString('latin1'));
    }
  });
});

describe('the scope', () => {
  it('the token response names the granted scope, without scopes that the client has not registered', async () => {
    const { body } = await signInAndExchange(app, client, user, { scope: 'openid groups read' }, new Visitor(app));
    expect(body.scope).toBe('openid read');
    expect((await introspect(app, client, body.access_token)).body).toMatchObject({ scope: 'openid read' });
  });

  it('a client with unknown_scopes refuse gets an error for a scope that it has not registered', async () => {
    const strict = await webClient(app, { unknownScopes: 'refuse' });
    const answer = await authorize(app, user, new Authorization(strict, { scope: 'openid groups read' }));
    expect(answer.get('error')).toBe('invalid_scope');
  });
});

describe('without offline access', () => {
  it('[282] without offline access there is no refresh token, and the access token can be revoked', async () => {
    const { body } = await signInAndExchange(app, client, user, { scope: 'openid read' }, visitor);
    expect(body.refresh_token).toBeUndefined();
    expect(body.scope).toBe('openid read');
    expect((await introspect(app, client, body.access_token)).body).toMatchObject({ active: true });
    await postAs(client, `${app.url}/revoke`, { token: body.access_token });
    expect((await introspect(app, client, body.access_token)).body).toEqual({ active: false });
  });
});

describe('a resource', () => {
  it('[250, 251] resources in the authorization request limit those that the code and its refresh tokens may request', async () => {
    const resource = 'https://api.test';
    const first = await signInAndExchange(app, client, user, { resource }, visitor);
    expect((await introspect(app, client, first.body.access_token)).body.aud).toBe(resource);
    const refused = await refresh(app, client, first.body.refresh_token, { resource: 'https://other.test' });
    expectError(refused, 400, 'invalid_target');
    expect((await refresh(app, client, first.body.refresh_token, { resource })).status).toBe(200);
  });

  it('[250] a resource that was not granted does not consume the code', async () => {
    const code = await aCode({ resource: 'https://api.test' });
    const refused = await exchange(code, { resource: 'https://other.test' });
    expectError(refused, 400, 'invalid_target');
    expect(await auditOf(app, refused)).toMatchObject([{ event: 'code.refused', reason: 'wrong_target' }]);
    const { body } = await exchange(code);
    expect((await introspect(app, client, body.access_token)).body.aud).toBe('https://api.test');
  });

  it('[251] a resource in the token request narrows one access token, and the refresh token keeps all resources', async () => {
    const { body } = await signInAndExchange(app, client, user, {}, visitor);
    const narrow = await refresh(app, client, body.refresh_token, { resource: 'https://other.test' });
    expect((await introspect(app, client, narrow.body.access_token)).body.aud).toBe('https://other.test');
    const all = await refresh(app, client, narrow.body.refresh_token);
    expect((await introspect(app, client, all.body.access_token)).body.aud).toEqual([
      'https://api.test',
      'https://other.test',
      app.issuer,
    ]);
  });
});

describe('scripts of web pages', () => {
  const ORIGIN = new URL(REDIRECT_URI).origin;
  const EVIL = 'https://evil.test';
  const corsHeaders = ({ headers }: Answer) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

  const post = (path: string, fields: Record<string, string>, origin: string, headers: Record<string, string> = {}) =>
    postForm(`${app.url}${path}`, fields, { ...headers, origin });

  const preflight = (path: string, origin: string) =>
    send(`${app.url}${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  async function generationOf({ clientId }: TestClient): Promise<number> {
    const text = 'SELECT generation FROM token_families WHERE client_id = $1';
    const [family] = await app.database.query<{ generation: number }[]>(text, [clientId]);
    return family!.generation;
  }

  /** The fields that redeem a code of this client, as a script sends them. */
  async function redemption(of: TestClient) {
    const { authorization, code } = await aCode({}, of);
    const { codeVerifier: code_verifier } = authorization;
    const fields = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier };
    return { ...fields, ...credentialsOf(of).fields };
  }

  it('[79] a script of the page that gets the code redeems it, refreshes and revokes, and may read the answers', async () => {
    const spa = await browserClient(app);
    const redeemed = await post('/token', await redemption(spa), ORIGIN);
    const named = { client_id: spa.clientId };
    const refreshed = await post(
      '/token',
      { ...named, grant_type: 'refresh_token', refresh_token: redeemed.body.refresh_token },
      ORIGIN,
    );
    const revoked = await post('/revoke', { ...named, token: refreshed.body.refresh_token }, ORIGIN);
    for (const answer of [redeemed, refreshed, revoked]) {
      expect(answer.status).toBe(200);
      expect(corsHeaders(answer)).toEqual({
        'access-control-allow-origin': ORIGIN,
        'access-control-expose-headers': 'x-correlation-id, rekey-hint, retry-after, www-authenticate',
      });
      expect(answer.headers.get('vary')).toBe('Origin');
    }
    expectError(await refresh(app, spa, refreshed.body.refresh_token), 400, 'invalid_grant');
  });

  it.each([
    EVIL,
    'null',
    '*',
    `${ORIGIN}/`,
    `${ORIGIN}:443`,
    `${ORIGIN}.evil.test`,
    'HTTPS://CLIENT.TEST',
    'http://client.test',
    `${ORIGIN}, ${EVIL}`,
    `${ORIGIN}@evil.test`,
    'https://client.test:8443',
    `https://${'x'.repeat(300)}.test`,
  ])('[79] a request from the origin %s is refused before anything is consumed', async (origin) => {
    const spa = await browserClient(app);
    const fields = await redemption(spa);
    const refused = await post('/token', fields, origin);
    expectError(refused, 400, 'unauthorized_client');
    expect(refused.body.error_description).toContain('allowed_origins');
    const { body } = await post('/token', fields, ORIGIN);
    const named = { client_id: spa.clientId };
    const before = await generationOf(spa);
    const refreshing = { ...named, grant_type: 'refresh_token', refresh_token: body.refresh_token };
    expectError(await post('/token', refreshing, origin), 400, 'unauthorized_client');
    expectError(await post('/revoke', { ...named, token: body.refresh_token }, origin), 400, 'unauthorized_client');
    // Had a refused request rotated it, this would be a retry.
    expect(await generationOf(spa)).toBe(before);
    expect((await refresh(app, spa, body.refresh_token)).status).toBe(200);
  });

  it('[79] another spelling of the path is no way around the origin', async () => {
    const spa = await browserClient(app);
    const fields = await redemption(spa);
    expect((await post('/%74oken', fields, EVIL)).status).not.toBe(200);
    expect((await post('/token', fields, ORIGIN)).status).toBe(200);
  });

  it('the refusal may be read by the script of an origin that could be registered, and by no other', async () => {
    const spa = await browserClient(app);
    for (const [origin, readable] of [
      [EVIL, EVIL],
      ['http://127.0.0.1:5173', 'http://127.0.0.1:5173'],
      ['null', undefined],
      ['http://evil.test', undefined],
    ] as const) {
      const answer = await post('/token', { client_id: spa.clientId }, origin);
      expect(corsHeaders(answer)['access-control-allow-origin']).toBe(readable);
    }
  });

  it('registered origins count instead of those of the redirect URIs, also for a confidential client', async () => {
    const other = 'https://app.client.test';
    for (const of of [
      await browserClient(app, { allowedOrigins: [other] }),
      await webClient(app, { allowedOrigins: [other] }),
    ]) {
      const fields = await redemption(of);
      const { headers } = credentialsOf(of);
      expectError(await post('/token', fields, ORIGIN, headers), 400, 'unauthorized_client');
      expect((await post('/token', fields, other, headers)).status).toBe(200);
    }
  });

  it('a confidential client that has registered no origin is used by no script', async () => {
    const fields = await redemption(client);
    expectError(await post('/token', fields, ORIGIN, credentialsOf(client).headers), 400, 'unauthorized_client');
  });

  it('a loopback origin may have any port, as its redirect URI', async () => {
    const spa = await browserClient(app, {
      redirectUris: [REDIRECT_URI, 'http://127.0.0.1/cb', 'com.example.app:/cb'],
    });
    expect((await post('/token', await redemption(spa), 'http://127.0.0.1:5173')).status).toBe(200);
    expectError(await post('/token', await redemption(spa), 'http://localhost:5173'), 400, 'unauthorized_client');
  });

  it('introspection does not look at the origin, which a proxy may have passed on', async () => {
    const { headers } = credentialsOf(client);
    const answer = await post('/introspect', { token: 'x' }, EVIL, headers);
    expect([answer.status, corsHeaders(answer)]).toEqual([200, {}]);
  });

  it('a flood of preflights is answered without a statement', async () => {
    const statements = jest.spyOn(pg.Client.prototype, 'query');
    const runners = jest.spyOn(app.database, 'createQueryRunner');
    try {
      const paths = Array.from({ length: 300 }, (_, index) => ['/token', '/revoke', '/userinfo'][index % 3]!);
      const answers = await Promise.all(paths.map((path, index) => preflight(path, `https://o${index}.test`)));
      expect(statements).not.toHaveBeenCalled();
      expect(runners).not.toHaveBeenCalled();
      for (const [index, answer] of answers.entries()) {
        expect([answer.status, answer.text]).toEqual([204, '']);
        expect(corsHeaders(answer)).toEqual({
          'access-control-allow-origin': `https://o${index}.test`,
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'Authorization, Content-Type',
          'access-control-max-age': '7200',
          'access-control-expose-headers': 'x-correlation-id, rekey-hint, retry-after, www-authenticate',
        });
      }
    } finally {
      statements.mockRestore();
      runners.mockRestore();
    }
  });

  it.each(['null', 'http://evil.test', 'https://*.test', 'https://évil.test'])(
    'a preflight of %s is not answered',
    async (origin) => {
      const answer = await exchangeRaw(app.url, {
        method: 'OPTIONS',
        path: '/token',
        headers: [
          ['Origin', origin],
          ['Access-Control-Request-Method', 'POST'],
        ],
      });
      expect([answer.status, corsHeaders(answer)]).toEqual([405, {}]);
    },
  );
});
