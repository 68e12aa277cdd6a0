/** Opaque access tokens: the same claims, readable only by us, with the same rules as JWTs. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { accessToken as clientCredentials, adminClient, bearer, callAdmin } from '../support/admin.js';
import { changeClient, confidentialClient, resourceServer, type TestClient } from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { introspect, refresh, revoke } from '../support/requests.js';
import { expectActive, expectInactive, startSession, type TestSession } from '../support/sessions.js';
import { startApp, type TestApp } from '../support/test-app.js';

const RS = 'https://rs.example';
/** Long enough that random bytes do not contain it. */
const SUBJECT = 'user-of-an-opaque-token';

let app: TestApp;
let client: TestClient;
let rs: TestClient;
let session: TestSession;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app, { accessTokenFormat: 'opaque', audience: [RS] });
  rs = await resourceServer(app, RS);
});
afterAll(() => app.close());
beforeEach(async () => {
  session = await startSession(app, client, { subject: SUBJECT });
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

describe('the token', () => {
  it('an opaque access token reveals no claims and is not a JWT', () => {
    expect(session.accessToken).toMatch(/^at_[A-Za-z0-9_-]+$/);
    const bytes = Buffer.from(session.accessToken.slice(3), 'base64url').toString('latin1');
    for (const claim of [session.subject, session.sid, client.clientId, RS, '"iss"'])
      expect(bytes).not.toContain(claim);
  });

  it('an opaque access token is not stored', async () => {
    const dump = await dumpDatabase(app.database);
    expect(dump).toContain(session.sid);
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
      sid: session.sid,
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
