/** JWT access tokens (RFC 9068), verified by resource servers and by us. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { accessToken, admin, adminClient, bearer, callAdmin } from '../support/admin.js';
import { changeClient, confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { evilTokens, forgeryOf, signAsServer } from '../support/evil-tokens.js';
import { serverErrors } from '../support/expectations.js';
import { familyRow } from '../support/family-state.js';
import { introspect, postAs, refresh, send, type Answer } from '../support/requests.js';
import { expectActive, expectInactive, startSession, type TestSession } from '../support/sessions.js';
import { verifyAtResource } from '../support/resource-verifier.js';
import { startApp, type TestApp } from '../support/test-app.js';

const RS = 'https://rs.example';

let app: TestApp;
let client: TestClient;
let session: TestSession;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app, { audience: [RS] });
});
afterAll(() => app.close());
beforeEach(async () => {
  session = await startSession(app, client);
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

const seconds = (): number => Math.floor(app.clock.now() / 1000);

describe('the header', () => {
  it('[216, 217] the JWT header has the algorithm, the type and the key id, and nothing else', async () => {
    const { body } = await send(`${app.url}/jwks`);
    const header = decodeProtectedHeader(session.accessToken);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    expect((body as JSONWebKeySet).keys.map(({ kid }) => kid)).toContain(header.kid);
  });
});

describe('the claims', () => {
  it('[218, 219, 221] a user’s access token has the claims of RFC 9068, the scope and the family, and no others', async () => {
    const { payload } = await verifyAtResource(app, session.accessToken, { audience: RS });
    expect(payload).toEqual({
      iss: app.issuer,
      sub: session.subject,
      aud: RS,
      client_id: client.clientId,
      scope: 'a b c',
      iat: seconds(),
      exp: seconds() + 600,
      jti: expect.any(String),
      sid: session.sid,
    });
  });

  it('[218] introspection reports the claims of the token', async () => {
    const { body } = await introspect(app, client, session.accessToken);
    expect(body).toEqual({ active: true, token_type: 'Bearer', ...decodeJwt(session.accessToken) });
  });

  it('[218] the audience is a list if there are several, and the server itself if there is none', async () => {
    const audienceOf = async (audience: string[]) =>
      decodeJwt(await accessToken(app, await confidentialClient(app, { audience }))).aud;
    expect(await audienceOf([])).toBe(app.issuer);
    expect(await audienceOf([RS])).toBe(RS);
    expect(await audienceOf([RS, 'rs2'])).toEqual([RS, 'rs2']);
  });

  it('[218] an access token never expires after its family', async () => {
    const brief = await confidentialClient(app, { absoluteTtlSeconds: 100 });
    const { sid, accessToken: token } = await startSession(app, brief);
    const { absolute_expires_at } = await familyRow(app, sid);
    expect(decodeJwt(token).exp).toBe(absolute_expires_at.getTime() / 1000);
  });

  it('[219] the scope claim is the scope granted to this token', async () => {
    const { body } = await refresh(app, client, session.refreshToken, { scope: 'b' });
    expect(decodeJwt(body.access_token)).toMatchObject({ scope: body.scope });
    expect(body.scope).toBe('b');
    expect(decodeJwt(await accessToken(app, client, 'c a'))).toMatchObject({
      scope: expect.stringMatching(/^(a c|c a)$/),
    });
  });

  it('[220] the subject of a client’s own token is a name that no user can have', async () => {
    const { sub, client_id, sid } = decodeJwt(await accessToken(app, client));
    expect({ sub, client_id, sid }).toEqual({
      sub: `client:${client.clientId}`,
      client_id: client.clientId,
      sid: undefined,
    });
    const { status, body } = await (
      await admin(app)
    ).post('/families', { client_id: client.clientId, subject: sub, scope: 'a' });
    expect([status, body.sid]).toEqual([400, undefined]);
  });

  it('[223] the jti is never repeated, and the token stays small', async () => {
    const ask = () => postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' });
    const answers: Answer[] = [];
    for (let round = 0; round < 20; round++) answers.push(...(await Promise.all(Array.from({ length: 25 }, ask))));
    const tokens = answers.map(({ body }) => body.access_token as string);
    expect(new Set(tokens.map((token) => decodeJwt(token).jti)).size).toBe(500);
    expect(Math.max(...tokens.map(({ length }) => length))).toBeLessThan(1024);
  });

  it('[223] the largest possible token fits into a header', async () => {
    const scopes = Array.from({ length: 50 }, (_, index) => `https://api.example/scope.${index}`);
    const greedy = await confidentialClient(app, {
      scopes,
      audience: [RS, 'https://rs2.example', 'https://rs3.example'],
    });
    const token = await accessToken(app, greedy);
    expect(decodeJwt(token)['scope']).toBe(scopes.join(' '));
    expect(token.length).toBeLessThan(4096);
    await expectActive(app, greedy, token);
  });

  it('[223] the claims contain no user data except the subject', async () => {
    const { sid, subject, refreshToken } = await startFamily(app, client, { subject: 'ada@example.org' });
    const { body } = await refresh(app, client, refreshToken);
    const claims = Object.values(decodeJwt(body.access_token)).filter((value) => String(value).includes('ada@'));
    expect(claims).toEqual([subject]);
    const { id: handle } = await familyRow(app, sid);
    expect(JSON.stringify(decodeJwt(body.access_token))).not.toContain(handle);
  });

  it('[224] there is no nbf, and exp is exact to the second', async () => {
    expect(decodeJwt(session.accessToken)).not.toHaveProperty('nbf');
    const { exp } = decodeJwt(session.accessToken);
    app.clock.advance(exp! * 1000 - 1 - app.clock.now());
    await expectActive(app, client, session.accessToken);
    app.clock.advance(1);
    await expectInactive(app, client, session.accessToken);
  });
});

it('[218] a change of the client applies from the next token on', async () => {
  const changing = await confidentialClient(app, { audience: [RS] });
  const { refreshToken, accessToken: before } = await startSession(app, changing);
  await changeClient(app, changing, { audience: ['rs2'], accessTokenTtlSeconds: 60 });
  const { body } = await refresh(app, changing, refreshToken);
  expect(decodeJwt(body.access_token)).toMatchObject({ aud: 'rs2', exp: seconds() + 60 });
  expect(decodeJwt(before)).toMatchObject({ aud: RS, exp: seconds() + 600 });
});

describe('our own protected resource', () => {
  let genuine: string;

  const call = (token: string): Promise<Answer> => callAdmin(app, 'GET', '/clients', bearer(token));

  function expectInvalidToken({ status, headers, body }: Answer): void {
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'invalid_token' });
    expect(headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
  }

  beforeEach(async () => {
    genuine = await accessToken(app, await adminClient(app), 'rekey:admin');
  });

  it('[222] our own protected resource accepts a valid token, and one like it that was signed again', async () => {
    expect((await call(genuine)).status).toBe(200);
    expect((await call(await signAsServer(forgeryOf(app, genuine)))).status).toBe(200);
  });

  it.each(evilTokens)('[222] our own protected resource refuses $name', async ({ forge }) => {
    expectInvalidToken(await call(await forge(forgeryOf(app, genuine))));
  });

  it('[222] our own protected resource refuses a token for another audience', async () => {
    expectInvalidToken(await call(await signAsServer(forgeryOf(app, genuine), { aud: RS })));
    expect((await call(await signAsServer(forgeryOf(app, genuine), { aud: [RS, app.issuer] }))).status).toBe(200);
  });

  it('[222] our own protected resource refuses an expired token', async () => {
    app.clock.advanceSeconds(600);
    expectInvalidToken(await call(genuine));
  });

  it('[222] our own protected resource refuses refresh tokens, as they are or disguised', async () => {
    const { refreshToken } = session;
    for (const token of [refreshToken, refreshToken.replace('rt_', 'at_'), refreshToken.slice(3)])
      expectInvalidToken(await call(token));
  });
});
