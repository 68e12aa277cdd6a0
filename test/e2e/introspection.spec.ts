/** Introspection (RFC 7662): which caller sees which token, and that inactive tokens reveal nothing. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { revocationKinds } from '../../src/revocation/revocation.js';
import { RevocationService } from '../../src/revocation/revocation.service.js';
import { admin } from '../support/admin.js';
import { confidentialClient, publicClient, resourceServer, startFamily, type TestClient } from '../support/clients.js';
import { evilTokens, forgeryOf, signAsServer } from '../support/evil-tokens.js';
import { expectAlive, expectError, serverErrors } from '../support/expectations.js';
import { familyRow } from '../support/family-state.js';
import { basic, introspect, postAs, postForm, refresh, revoke, send } from '../support/requests.js';
import { expectActive, expectInactive, startSession, type TestSession } from '../support/sessions.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/eventually.js';

const RS1 = 'https://rs1.example';
const RS2 = 'https://rs2.example';
const TTL_SECONDS = 600;

let app: TestApp;
/** Its access tokens are for the first resource server. */
let client: TestClient;
let other: TestClient;
let rs1: TestClient;
let rs2: TestClient;
let session: TestSession;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app, { audience: [RS1] });
  other = await confidentialClient(app, { audience: [RS1] });
  [rs1, rs2] = [await resourceServer(app, RS1), await resourceServer(app, RS2)];
});
afterAll(() => app.close());
beforeEach(async () => {
  session = await startSession(app, client, { subject: `u-${uuidv7()}` });
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

const endpoint = (): string => `${app.url}/introspect`;

const seconds = (): number => Math.floor(app.clock.now() / 1000);

const clientCredentials = async (as = client, fields: Record<string, string> = {}): Promise<string> =>
  (await postAs(as, `${app.url}/token`, { grant_type: 'client_credentials', ...fields })).body.access_token as string;

describe('the request', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])(
    '[174] an introspection request by %s is refused',
    async (method) => {
      const answer = await send(`${endpoint()}?token=${session.accessToken}`, { method, headers: basic(rs1) });
      expect({ status: answer.status, allow: answer.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
    },
  );

  it('[174] an introspection request in JSON is refused', async () => {
    const headers = { ...basic(rs1), 'content-type': 'application/json' };
    const body = JSON.stringify({ token: session.accessToken });
    expectError(await send(endpoint(), { method: 'POST', headers, body }), 400, 'invalid_request');
  });

  it.each(['', 'token=', 'token_type_hint=access_token'])(
    '[178] an introspection request without a token is invalid: "%s"',
    async (body) => {
      expectError(await postForm(endpoint(), body, basic(rs1)), 400, 'invalid_request');
    },
  );

  it('[178] an introspection request with two tokens, or one in the query, is invalid', async () => {
    const { accessToken: token } = session;
    expectError(await postForm(endpoint(), `token=${token}&token=${token}`, basic(rs1)), 400, 'invalid_request');
    expectError(await postForm(`${endpoint()}?token=${token}`, '', basic(rs1)), 400, 'invalid_request');
  });

  it.each(['refresh_token', 'foo'])('[183] a wrong hint does not hide an access token: %s', async (token_type_hint) => {
    const { body } = await postAs(rs1, endpoint(), { token: session.accessToken, token_type_hint });
    expect(body).toMatchObject({ active: true, family_id: session.familyId });
  });

  it.each(['access_token', 'foo'])('[183] a wrong hint does not hide a refresh token: %s', async (token_type_hint) => {
    const { body } = await postAs(client, endpoint(), { token: session.refreshToken, token_type_hint });
    expect(body).toMatchObject({ active: true, family_id: session.familyId });
  });
});

describe('the caller', () => {
  it('[175] introspection requires client authentication', async () => {
    const { accessToken: token } = session;
    expectError(await postForm(endpoint(), { token }), 401, 'invalid_client');
    expectError(await postForm(endpoint(), { token, client_id: rs1.clientId }), 401, 'invalid_client');
  });

  it('[175] introspection does not accept an access token as authentication', async () => {
    const { accessToken: token } = session;
    expectError(await postForm(endpoint(), { token }, { authorization: `Bearer ${token}` }), 401, 'invalid_client');
  });

  it('[176] introspection with a wrong secret is refused', async () => {
    const headers = basic({ clientId: rs1.clientId, secret: 'wrong' });
    expectError(await postForm(endpoint(), { token: session.accessToken }, headers), 401, 'invalid_client');
  });

  it('[175] introspection by a public client is refused, even of its own token', async () => {
    const spa = await publicClient(app);
    const { refreshToken } = await startFamily(app, spa);
    expectError(await introspect(app, spa, refreshToken), 401, 'invalid_client');
    await expectAlive(app, spa, refreshToken);
  });

  it('[177] a client without may_introspect sees its own tokens and no others', async () => {
    await expectActive(app, client, session.accessToken, session.refreshToken);
    await expectInactive(app, other, session.accessToken, session.refreshToken);
  });

  it('[177] a client without may_introspect does not see tokens for its audience', async () => {
    const curious = await confidentialClient(app, { audience: [RS1], mayIntrospect: false });
    await expectInactive(app, curious, session.accessToken);
  });
});

describe('an access token that lives', () => {
  it('[179] introspection describes a user’s access token in full', async () => {
    const { text, body } = await introspect(app, rs1, session.accessToken);
    expect(body).toEqual({
      active: true,
      token_type: 'Bearer',
      iss: app.issuer,
      sub: session.subject,
      aud: RS1,
      client_id: client.clientId,
      scope: 'a b c',
      iat: seconds(),
      exp: seconds() + TTL_SECONDS,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      family_id: session.familyId,
    });
    expect(text).not.toMatch(/:null\b/);
  });

  it('[179] introspection describes a client’s own access token without a family', async () => {
    const { body } = await introspect(app, rs1, await clientCredentials(client, { scope: 'b' }));
    expect(body).toEqual({
      active: true,
      token_type: 'Bearer',
      iss: app.issuer,
      sub: `client:${client.clientId}`,
      aud: RS1,
      client_id: client.clientId,
      scope: 'b',
      iat: seconds(),
      exp: seconds() + TTL_SECONDS,
      jti: expect.any(String),
    });
  });

  it('[182] introspection hides an access token from all callers outside its audience', async () => {
    await expectActive(app, rs1, session.accessToken);
    await expectInactive(app, rs2, session.accessToken);
    await expectInactive(app, await confidentialClient(app, { mayIntrospect: true }), session.accessToken);
  });

  it('[182] introspection shows a token with two audiences to both resource servers, and to the one identified by its client_id', async () => {
    const third = await confidentialClient(app, { mayIntrospect: true });
    const wide = await confidentialClient(app, { audience: [RS1, RS2, third.clientId] });
    const token = await clientCredentials(wide);
    for (const caller of [rs1, rs2, third]) await expectActive(app, caller, token);
    expect((await introspect(app, rs1, token)).body.aud).toEqual([RS1, RS2, third.clientId]);
    await expectInactive(app, await resourceServer(app, 'https://rs3.example'), token);
  });

  it('[182] an access token without an audience is for this server, and shown to a caller with the issuer as its audience', async () => {
    const token = await clientCredentials(await confidentialClient(app));
    await expectActive(app, await resourceServer(app, app.issuer), token);
    await expectInactive(app, rs1, token);
  });

  it('[188] the introspection response is JSON with no-store', async () => {
    const { status, headers } = await introspect(app, rs1, session.accessToken);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json(;|$)/);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
  });
});

describe('a refresh token', () => {
  it('[186] introspection describes a refresh token to its own client', async () => {
    const { idle_expires_at } = await familyRow(app, session.familyId);
    expect((await introspect(app, client, session.refreshToken)).body).toEqual({
      active: true,
      iss: app.issuer,
      sub: session.subject,
      client_id: client.clientId,
      scope: 'a b c',
      exp: Math.floor(idle_expires_at.getTime() / 1000),
      family_id: session.familyId,
    });
  });

  it('[186] introspection hides a refresh token from other clients and all resource servers', async () => {
    for (const caller of [other, rs1, rs2]) await expectInactive(app, caller, session.refreshToken);
  });

  it('[186] a superseded refresh token is inactive, even during its grace period', async () => {
    await expectInactive(app, client, session.predecessor);
    expect((await refresh(app, client, session.predecessor)).status).toBe(200);
  });

  it('[186] introspection does not consume a refresh token or extend its life', async () => {
    const before = await familyRow(app, session.familyId);
    app.clock.advanceSeconds(3600);
    await expectActive(app, client, session.refreshToken, session.refreshToken);
    expect(await familyRow(app, session.familyId)).toEqual(before);
    await expectAlive(app, client, session.refreshToken);
  });
});

describe('an inactive token', () => {
  it('[184, 185] an access token is inactive from the second it expires, whether or not its row was deleted', async () => {
    app.clock.advanceSeconds(TTL_SECONDS - 1);
    await expectActive(app, rs1, session.accessToken);
    app.clock.advanceSeconds(1);
    await expectInactive(app, rs1, session.accessToken);
    await expectInactive(app, client, session.accessToken);
  });

  it('[185] an idle refresh token is inactive, even if its row still exists', async () => {
    const { idle_expires_at } = await familyRow(app, session.familyId);
    app.clock.advance(idle_expires_at.getTime() - 1 - app.clock.now());
    await expectActive(app, client, session.refreshToken);
    app.clock.advance(1);
    await expectInactive(app, client, session.refreshToken);
    expect((await familyRow(app, session.familyId)).revoked_at).toBeNull();
  });

  it.each(revocationKinds)('[184] a revocation of kind %s makes the token inactive', async (kind) => {
    const { body } = await introspect(app, rs1, session.accessToken);
    const values = { token: body.jti, family: body.family_id, subject: body.sub, client: body.client_id, all: '' };
    const revocations = app.nest.get(RevocationService, { strict: false });
    await expectActive(app, rs1, session.accessToken);
    // A token issued in the millisecond of a revocation is not hit.
    app.clock.advance(1);
    const request = { kind, value: values[kind] as string, reason: 'test', actor: 'test' };
    await revocations.revoke([request], { event: 'revocation.created' });
    await expectInactive(app, rs1, session.accessToken);
    if (kind !== 'token') await expectInactive(app, client, session.refreshToken);
  });

  it.each(['unknown', 'null', '{}', '...', 'rt_', 'at_', 'a.b.c', 'é'])(
    '[180] a string that is not a token is inactive: %s',
    async (token) => {
      await expectInactive(app, rs1, token, token.repeat(1000));
    },
  );

  it('[180] a token of another server is inactive', async () => {
    const foreign = [45, 60, 300].flatMap((size) =>
      ['rt_', 'at_', ''].map((prefix) => prefix + randomBytes(size).toString('base64url')),
    );
    await expectInactive(app, rs1, ...foreign);
    await expectInactive(app, client, ...foreign);
  });

  it('[181] the response for an inactive token is identical for every cause, headers included', async () => {
    const expired = session;
    app.clock.advanceSeconds(TTL_SECONDS);
    const revoked = await startSession(app, client);
    await revoke(app, client, revoked.refreshToken);
    const alive = await startSession(app, client);
    const answers = [
      await introspect(app, rs1, 'unknown'),
      await introspect(app, rs1, expired.accessToken),
      await introspect(app, rs1, revoked.accessToken),
      await introspect(app, rs2, alive.accessToken),
      await introspect(app, other, alive.accessToken),
      await introspect(app, rs1, alive.refreshToken),
      await introspect(app, client, revoked.refreshToken),
    ];
    const looks = answers.map(({ status, text, headers }) => {
      const own = ['x-correlation-id', 'date'];
      return JSON.stringify([status, text, [...headers].filter(([name]) => !own.includes(name))]);
    });
    expect(new Set(looks).size).toBe(1);
    expect(answers[0]!.text).toBe('{"active":false}');
  });
});

describe('a forged token', () => {
  it('[184, 187] each forged token differs from a valid one only in its fault', async () => {
    const forgery = forgeryOf(app, session.accessToken);
    await expectActive(app, rs1, await signAsServer(forgery));
  });

  it.each(evilTokens)('[184, 187] a forged token is inactive: $name', async ({ forge }) => {
    const token = await forge(forgeryOf(app, session.accessToken));
    await expectInactive(app, rs1, token);
    await expectInactive(app, client, token);
  });

  it('[187] a token for another audience is inactive for this caller', async () => {
    const token = await signAsServer(forgeryOf(app, session.accessToken), { aud: RS2 });
    await expectInactive(app, rs1, token);
    await expectActive(app, rs2, token);
  });

  it('[187] a refresh token disguised as an access token, and the reverse, is inactive', async () => {
    const { refreshToken, accessToken } = session;
    for (const caller of [rs1, client]) {
      await expectInactive(
        app,
        caller,
        refreshToken.replace('rt_', 'at_'),
        refreshToken.slice(3),
        `rt_${accessToken}`,
        `at_${accessToken}`,
      );
    }
  });
});

describe('a client or a subject that is disabled', () => {
  it('[192] access tokens of a disabled client are inactive at once', async () => {
    const suspect = await confidentialClient(app, { audience: [RS1] });
    const theirs = await startSession(app, suspect);
    const own = await clientCredentials(suspect);
    await expectActive(app, rs1, theirs.accessToken, own);
    expect((await (await admin(app)).patch(`/clients/${suspect.clientId}`, { disabled: true })).status).toBe(200);
    await expectInactive(app, rs1, theirs.accessToken, own);
    expectError(await introspect(app, suspect, theirs.refreshToken), 401, 'invalid_client');
  });

  it('[192] access tokens of a deleted client are inactive', async () => {
    const doomed = await confidentialClient(app, { audience: [RS1] });
    const theirs = await startSession(app, doomed);
    const own = await clientCredentials(doomed);
    await expectActive(app, rs1, theirs.accessToken, own);
    expect((await (await admin(app)).delete(`/clients/${doomed.clientId}`)).status).toBe(204);
    await expectInactive(app, rs1, theirs.accessToken, own);
  });

  it('[192] disabling a subject makes its tokens inactive, but not its client’s own tokens', async () => {
    const own = await clientCredentials();
    await setSubjectDisabled(app, session.subject, true);
    await expectInactive(app, rs1, session.accessToken);
    await expectInactive(app, client, session.refreshToken);
    await expectActive(app, rs1, own);
  });
});

/** The limit of introspections per caller, against scanning for tokens (RFC 7662 §4). */
describe('the limit per caller', () => {
  let app: TestApp;
  let scanner: TestClient;

  beforeAll(async () => {
    app = await startApp({ environment: { REKEY_INTROSPECTIONS_PER_SECOND: '10' } });
    scanner = await confidentialClient(app);
  });
  afterAll(() => app.close());

  it('[189] too many introspections in a second are answered with 429, and other callers are not affected', async () => {
    const calm = await confidentialClient(app);
    // Even on a slow machine more than ten of two hundred fall into one second.
    const answers = await Promise.all(Array.from({ length: 200 }, () => introspect(app, scanner, 'guess')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    const refused = answers.find(({ status }) => status === 429)!;
    expectError(refused, 429, 'too_many_requests');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await introspect(app, calm, 'guess')).status).toBe(200);
    await eventually(async () => expect((await introspect(app, scanner, 'guess')).status).toBe(200));
    expect(serverErrors(app)).toEqual([]);
  });
});
