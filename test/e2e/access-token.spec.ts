/** Access tokens of both formats, as resource servers verify them, and as we do. */
import { afterAll, afterEach, beforeAll, expect, beforeEach, describe, it } from '@jest/globals';
import { serverErrors, expectError } from '../support/expectations.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import {
  accessToken,
  admin,
  adminClient,
  bearer,
  callAdmin,
  accessToken as clientCredentials,
} from '../support/admin.js';
import { changeClient, confidentialClient, startFamily, type TestClient, resourceServer } from '../support/clients.js';
import { evilTokens, forgeryOf, signAsServer } from '../support/evil-tokens.js';
import { familyRow } from '../support/family-state.js';
import { introspect, postAs, refresh, send, type Answer, revoke } from '../support/requests.js';
import { expectActive, expectInactive, startSession, type TestSession } from '../support/sessions.js';
import { verifyAtResource } from '../support/resource-verifier.js';
import { dumpDatabase } from '../support/database-dump.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** JWT access tokens (RFC 9068), verified by resource servers and by us. */
describe('a JWT access token (RFC 9068)', () => {
  const RS = 'https://rs.example';

  let client: TestClient;
  let session: TestSession;

  beforeAll(async () => {
    client = await confidentialClient(app, { audience: [RS] });
  });
  beforeEach(async () => {
    session = await startSession(app, client);
  });

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
        family_id: session.familyId,
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
      const { familyId, accessToken: token } = await startSession(app, brief);
      const { absolute_expires_at } = await familyRow(app, familyId);
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
      const { sub, client_id, family_id } = decodeJwt(await accessToken(app, client));
      expect({ sub, client_id, family_id }).toEqual({
        sub: `client:${client.clientId}`,
        client_id: client.clientId,
        family_id: undefined,
      });
      const { status, body } = await (
        await admin(app)
      ).post('/families', { client_id: client.clientId, subject: sub, scope: 'a' });
      expect([status, body.family_id]).toEqual([400, undefined]);
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
      const { familyId, subject, refreshToken } = await startFamily(app, client, { subject: 'ada@example.org' });
      const { body } = await refresh(app, client, refreshToken);
      const claims = Object.values(decodeJwt(body.access_token)).filter((value) => String(value).includes('ada@'));
      expect(claims).toEqual([subject]);
      const { id: handle } = await familyRow(app, familyId);
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
});

/** Opaque access tokens: the same claims, readable only by us, with the same rules as JWTs. */
describe('an opaque access token', () => {
  const RS = 'https://rs.example';
  /** Long enough that random bytes do not contain it. */
  const SUBJECT = 'user-of-an-opaque-token';

  let client: TestClient;
  let rs: TestClient;
  let session: TestSession;

  beforeAll(async () => {
    client = await confidentialClient(app, { accessTokenFormat: 'opaque', audience: [RS] });
    rs = await resourceServer(app, RS);
  });
  beforeEach(async () => {
    session = await startSession(app, client, { subject: SUBJECT });
  });

  describe('the token', () => {
    it('an opaque access token reveals no claims and is not a JWT', () => {
      expect(session.accessToken).toMatch(/^at_[A-Za-z0-9_-]+$/);
      const bytes = Buffer.from(session.accessToken.slice(3), 'base64url').toString('latin1');
      for (const claim of [session.subject, session.familyId, client.clientId, RS, '"iss"'])
        expect(bytes).not.toContain(claim);
    });

    it('an opaque access token is not stored', async () => {
      const dump = await dumpDatabase(app.database);
      expect(dump).toContain(session.familyId);
      expect(dump).not.toContain(session.accessToken);
    });

    it('a retry gets another opaque token with the same jti and expiry', async () => {
      app.clock.advanceSeconds(5);
      const { body } = await refresh(app, client, session.predecessor);
      expect(body.access_token).not.toBe(session.accessToken);
      expect(body.expires_in).toBe(595);
      const [first, again] = [
        await introspect(app, rs, session.accessToken),
        await introspect(app, rs, body.access_token),
      ];
      expect(again.body).toEqual(first.body);
    });
  });

  describe('introspection', () => {
    it('[179] introspection describes an opaque token like a JWT', async () => {
      const seconds = Math.floor(app.clock.now() / 1000);
      expect((await introspect(app, rs, session.accessToken)).body).toEqual({
        active: true,
        token_type: 'Bearer',
        iss: app.issuer,
        sub: session.subject,
        aud: RS,
        client_id: client.clientId,
        scope: 'a b c',
        iat: seconds,
        exp: seconds + 600,
        jti: expect.any(String),
        family_id: session.familyId,
      });
    });

    it('[177, 182] introspection hides an opaque token from callers outside its audience', async () => {
      await expectInactive(app, await resourceServer(app, 'https://rs2.example'), session.accessToken);
      await expectInactive(app, await confidentialClient(app, { audience: [RS] }), session.accessToken);
      await expectActive(app, client, session.accessToken);
    });

    it('[184, 185] introspection reports an opaque token as inactive from the second it expires', async () => {
      app.clock.advanceSeconds(599);
      await expectActive(app, rs, session.accessToken);
      app.clock.advanceSeconds(1);
      await expectInactive(app, rs, session.accessToken);
    });

    it('[184, 187] introspection reports an opaque token with any byte changed as inactive', async () => {
      const bytes = Buffer.from(session.accessToken.slice('at_'.length), 'base64url');
      for (let index = 0; index < bytes.length; index += 7) {
        const tampered = Buffer.from(bytes);
        tampered[index]! ^= 0x10;
        await expectInactive(app, rs, `at_${tampered.toString('base64url')}`);
      }
      await expectActive(app, rs, session.accessToken);
    });

    it('[184, 187] introspection reports an opaque token that was truncated, extended or re-encoded as inactive', async () => {
      const { accessToken } = session;
      const ciphers = [
        accessToken.slice(0, -4),
        `${accessToken}AAAA`,
        `${accessToken}=`,
        accessToken.toUpperCase(),
        accessToken.slice(3),
      ];
      await expectInactive(app, rs, ...ciphers, `at_${'A'.repeat(23)}`, `rt_${accessToken.slice(3)}`);
    });

    it('[184, 187] introspection reports the claims of one opaque token under the head of another as inactive', async () => {
      const { accessToken: other } = await startSession(app, client);
      const HEAD = 'at_'.length + 24;
      await expectInactive(app, rs, other.slice(0, HEAD) + session.accessToken.slice(HEAD));
    });
  });

  describe('revocation', () => {
    it('[149, 151] revoking an opaque token takes effect at once and leaves its family valid', async () => {
      expect((await revoke(app, client, session.accessToken)).status).toBe(200);
      await expectInactive(app, rs, session.accessToken);
      expect((await refresh(app, client, session.refreshToken)).status).toBe(200);
    });

    it('[150] revoking the refresh token revokes the opaque token', async () => {
      await revoke(app, client, session.refreshToken);
      await expectInactive(app, rs, session.accessToken);
    });

    it('[161] revocation of an opaque token by another client is refused', async () => {
      expectError(await revoke(app, await confidentialClient(app), session.accessToken), 400, 'invalid_grant');
      await expectActive(app, rs, session.accessToken);
    });
  });

  describe('an opaque token as a bearer token', () => {
    it('[194, 222] an opaque token is accepted by our own protected resource, and a modified one is not', async () => {
      const operator = await adminClient(app);
      await changeClient(app, operator, { accessTokenFormat: 'opaque' });
      const token = await clientCredentials(app, operator, 'rekey:admin');
      expect(token).toMatch(/^at_/);
      const statusOf = async (presented: string) => (await callAdmin(app, 'GET', '/clients', bearer(presented))).status;
      expect(await statusOf(token)).toBe(200);
      const changed = token.replace(/.(?=.{3}$)/, (character) => (character === 'A' ? 'B' : 'A'));
      expect(await statusOf(changed)).toBe(401);
      expect(await statusOf(session.accessToken)).toBe(401);
    });
  });

  it('a client that changes its token format keeps its existing tokens', async () => {
    await changeClient(app, client, { accessTokenFormat: 'jwt' });
    const { body } = await refresh(app, client, session.refreshToken);
    expect(body.access_token).toMatch(/^ey/);
    await expectActive(app, rs, session.accessToken, body.access_token);
  });
});
