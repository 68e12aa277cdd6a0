/** ID tokens (OpenID Connect Core §2, §3.1.3.6, §12.2), from the code and from each refresh. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { UserChange } from '../../src/users/user-change.js';
import { UsersService } from '../../src/users/users.service.js';
import { withLostStatements } from '../support/failing-statements.js';
import { IssuanceService } from '../../src/issuance/issuance.service.js';
import { signJws, type JwsType } from '../../src/keys/jws.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { KeyRotationWorker } from '../../src/keys/key-rotation.worker.js';
import type { SigningAlgorithm } from '../../src/keys/signing-algorithm.js';
import { bearer, callAdmin } from '../support/admin.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { introspect, postAs, refresh, revoke, send, type Answer } from '../support/requests.js';
import { verifyAtResource } from '../support/resource-verifier.js';
import { expectActive, expectInactive } from '../support/sessions.js';
import { aUser, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

let app: TestApp;
let client: TestClient;
let user: TestUser;
/** The token response for a code. */
let first: Answer;

beforeAll(async () => {
  app = await startApp();
  client = await webClient(app);
  user = await aUser(app, { name: 'Ada Lovelace', email: 'ada@example.org', address: { country: 'GB' } });
  first = await signInAndExchange(app, client, user);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const seconds = (): number => Math.floor(app.clock.now() / 1000);
const claimsOf = ({ body }: Answer): JWTPayload => decodeJwt(body.id_token);

/** Verifies like a client with the keys (§3.1.3.7). */
const verify = (idToken: string, audience: string, at: TestApp = app) =>
  verifyAtResource(at, idToken, { audience, typ: 'JWT', requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'] });

const halfHash = (hash: string, text: string): string => {
  const digest = createHash(hash).update(text).digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
};

describe('an ID token with the code', () => {
  it('the ID token is signed with RS256, has type JWT, and verifies with the JWKS', async () => {
    expect(decodeProtectedHeader(first.body.id_token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) });
    const { payload } = await verify(first.body.id_token, client.clientId);
    expect(payload.sub).toBe(user.subject);
    await expect(verify(first.body.id_token, 'another')).rejects.toThrow('"aud"');
  });

  it('the ID token says who signed in, when and how, and nothing else', () => {
    expect(claimsOf(first)).toEqual({
      iss: app.issuer,
      sub: user.subject,
      aud: client.clientId,
      iat: seconds(),
      exp: seconds() + 3600,
      auth_time: seconds(),
      nonce: 'the-nonce',
      acr: 'urn:rekey:password',
      amr: ['pwd'],
      at_hash: halfHash('sha256', first.body.access_token),
      sid: expect.any(String),
    });
  });

  it('the ID token has the login session as its sid, which all clients of the session share; access tokens have the family', async () => {
    const other = await webClient(app);
    const visitor = new Visitor(app);
    const one = await signInAndExchange(app, client, user, {}, visitor);
    const two = await signInAndExchange(app, other, user, {}, visitor);
    const [session] = await app.database.query<{ id: string }[]>(
      'SELECT session_id AS id FROM token_families WHERE family_id = $1',
      [decodeJwt(one.body.access_token)['family_id']],
    );
    expect([claimsOf(one)['sid'], claimsOf(two)['sid']]).toEqual([session!.id, session!.id]);
    expect(decodeJwt(one.body.access_token)['family_id']).not.toBe(decodeJwt(two.body.access_token)['family_id']);
    expect(claimsOf(first)['sid']).not.toBe(session!.id);
  });

  it('the ID token has no nonce if the request had none', async () => {
    expect(claimsOf(await signInAndExchange(app, client, user, { nonce: null }))).not.toHaveProperty('nonce');
  });

  it('auth_time is the time of the authentication, not of the token', async () => {
    const visitor = new Visitor(app);
    const signedInAt = seconds();
    await signInAndExchange(app, client, user, {}, visitor);
    app.clock.advanceSeconds(1000);
    expect(claimsOf(await signInAndExchange(app, client, user, {}, visitor))).toMatchObject({
      auth_time: signedInAt,
      iat: signedInAt + 1000,
    });
  });

  it('the ID token has the hash of an opaque access token, too', async () => {
    const opaque = await webClient(app, { accessTokenFormat: 'opaque' });
    const answer = await signInAndExchange(app, opaque, user);
    expect(answer.body.access_token).toMatch(/^at_/);
    expect(claimsOf(answer)['at_hash']).toBe(halfHash('sha256', answer.body.access_token));
  });
});

describe('an ID token with a refresh', () => {
  let next: Answer;
  let refreshedAt: number;
  let retried: Answer;

  beforeAll(async () => {
    first = await signInAndExchange(app, client, user);
    app.clock.advanceSeconds(500);
    refreshedAt = seconds();
    next = await refresh(app, client, first.body.refresh_token);
    app.clock.advanceSeconds(10);
    retried = await refresh(app, client, first.body.refresh_token);
  });

  it('[276] a refreshed ID token has the issuer, subject and audience of the first one', async () => {
    const { iss, sub, aud } = claimsOf(first);
    expect(claimsOf(next)).toMatchObject({ iss, sub, aud });
    await verify(next.body.id_token, client.clientId);
  });

  it('[277] a refreshed ID token has the time of the refresh, also in a retry', () => {
    expect(claimsOf(next).iat).toBe(refreshedAt);
    expect(claimsOf(retried).iat).toBe(refreshedAt + 10);
  });

  it('[278] a refreshed ID token has the original auth_time, acr, amr and sid', () => {
    const { auth_time, acr, amr, sid } = claimsOf(first);
    expect(auth_time).toBe(refreshedAt - 500);
    for (const answer of [next, retried]) expect(claimsOf(answer)).toMatchObject({ auth_time, acr, amr, sid });
  });

  it('[279] a refreshed ID token has no azp, like the first one', () => {
    for (const answer of [first, next, retried]) expect(claimsOf(answer)).not.toHaveProperty('azp');
  });

  it('[280] a refreshed ID token has no nonce', () => {
    expect(claimsOf(first)['nonce']).toBe('the-nonce');
    for (const answer of [next, retried]) expect(claimsOf(answer)).not.toHaveProperty('nonce');
  });

  it('a refreshed ID token has the hash of its access token', () => {
    for (const answer of [next, retried]) {
      expect(claimsOf(answer)['at_hash']).toBe(halfHash('sha256', answer.body.access_token));
    }
  });

  it('a refresh with a scope narrowed to exclude openid returns no ID token', async () => {
    const { body } = await signInAndExchange(app, client, user);
    const narrow = await refresh(app, client, body.refresh_token, { scope: 'read' });
    expect([narrow.status, narrow.body.id_token]).toEqual([200, undefined]);
    const whole = await refresh(app, client, narrow.body.refresh_token);
    expect(whole.body.id_token).toEqual(expect.any(String));
  });
});

describe('when no ID token is issued', () => {
  it('without the scope openid there is no ID token', async () => {
    const { status, body } = await signInAndExchange(app, client, user, { scope: 'offline_access read' });
    expect([status, body.id_token]).toEqual([200, undefined]);
  });

  it('a client’s own token, and a family without a sign-in, have no ID token', async () => {
    const machine = await confidentialClient(app, { scopes: ['openid', 'a'] });
    const { body } = await postAs(machine, `${app.url}/token`, { grant_type: 'client_credentials' });
    expect(body).toMatchObject({ scope: 'a' });
    const { refreshToken } = await startFamily(app, machine, { scope: ['openid', 'a'] });
    const refreshed = await refresh(app, machine, refreshToken);
    expect([refreshed.status, body.id_token, refreshed.body.id_token]).toEqual([200, undefined, undefined]);
  });
});

describe('claims requested by name', () => {
  const ask = (idToken: Record<string, unknown>) =>
    signInAndExchange(app, client, user, { claims: JSON.stringify({ id_token: idToken }) });

  it('claims requested by name are in the ID token and in refreshed ones, if the user has them', async () => {
    const answer = await ask({ email: null, address: { essential: true }, phone_number: { essential: true } });
    const refreshed = await refresh(app, client, answer.body.refresh_token);
    for (const claims of [claimsOf(answer), claimsOf(refreshed)]) {
      expect(claims).toMatchObject({ email: 'ada@example.org', address: { country: 'GB' } });
      for (const name of ['phone_number', 'name', 'preferred_username']) expect(claims).not.toHaveProperty(name);
    }
  });

  it('claims requested by name never override the token’s own claims', async () => {
    const own = claimsOf(await ask({ aud: null, iss: null, sub: null, exp: null, sid: null, password: null }));
    expect(Object.keys(own).sort()).toEqual(Object.keys(claimsOf(first)).sort());
    expect(own).toMatchObject({ iss: app.issuer, sub: user.subject, aud: client.clientId, exp: seconds() + 3600 });
  });
});

describe('the algorithm', () => {
  it('the ID token uses the algorithm that the client registered', async () => {
    const modern = await webClient(app, { idTokenSignedResponseAlg: 'ES256' });
    const { body } = await signInAndExchange(app, modern, user);
    expect(decodeProtectedHeader(body.id_token).alg).toBe('ES256');
    await verify(body.id_token, modern.clientId);
    expect(decodeProtectedHeader((await refresh(app, modern, body.refresh_token)).body.id_token).alg).toBe('ES256');
  });

  it('the hash follows the algorithm: SHA-512 for Ed25519; one JWKS has all keys', async () => {
    const other = await startApp({ environment: { REKEY_SIGNING_ALGORITHM: 'EdDSA' } });
    const [modern, usual] = [await webClient(other, { idTokenSignedResponseAlg: 'EdDSA' }), await webClient(other)];
    const visitor = new Visitor(other);
    const someone = await aUser(other);
    const [one, two] = [
      await signInAndExchange(other, modern, someone, {}, visitor),
      await signInAndExchange(other, usual, someone, {}, visitor),
    ];
    expect(claimsOf(one)['at_hash']).toBe(halfHash('sha512', one.body.access_token));
    expect(claimsOf(two)['at_hash']).toBe(halfHash('sha256', two.body.access_token));
    await verify(one.body.id_token, modern.clientId, other);
    await verify(two.body.id_token, usual.clientId, other);
    const { body } = await send(`${other.url}/jwks`);
    expect((body.keys as { alg: string }[]).map(({ alg }) => alg)).toEqual(['EdDSA', 'RS256']);
    await other.close();
  });
});

describe('an ID token is not another token', () => {
  let idToken: string;

  beforeAll(async () => {
    first = await signInAndExchange(app, client, user);
    idToken = first.body.id_token;
  });

  it('[283] introspection reports an ID token as inactive', async () => {
    await expectInactive(app, client, idToken);
    await expectActive(app, client, first.body.access_token, first.body.refresh_token);
  });

  it.each(['GET', 'POST'])('[283] userinfo refuses an ID token, requested by %s', async (method) => {
    const answer = await send(`${app.url}/userinfo`, { method, headers: bearer(idToken) });
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
  });

  it('[283] the admin API refuses an ID token', async () => {
    expect((await callAdmin(app, 'GET', '/clients', bearer(idToken))).status).toBe(401);
  });

  it('[283] the token endpoint accepts an ID token neither as a refresh token nor as a code', async () => {
    expectError(await refresh(app, client, idToken), 400, 'invalid_grant');
    expectError(await refresh(app, client, `rt_${idToken}`), 400, 'invalid_grant');
    const asCode = await postAs(client, `${app.url}/token`, {
      grant_type: 'authorization_code',
      code: idToken,
      redirect_uri: 'https://client.test/back',
      code_verifier: 'x'.repeat(43),
    });
    expectError(asCode, 400, 'invalid_grant');
  });

  it('[283] revoking an ID token has no effect', async () => {
    expect((await revoke(app, client, idToken)).status).toBe(200);
    await expectActive(app, client, first.body.access_token, first.body.refresh_token);
  });
});

describe('the user’s claims', () => {
  const FULL = 'openid profile email offline_access read';

  it('are at userinfo alone, unless the client is registered to have them in its ID tokens, a refreshed one too', async () => {
    expect(claimsOf(await signInAndExchange(app, client, user, { scope: FULL }))).not.toHaveProperty('name');
    const reader = await webClient(app, { userClaimsInIdToken: true });
    const { body } = await signInAndExchange(app, reader, user, { scope: FULL });
    for (const answer of [body, (await refresh(app, reader, body.refresh_token)).body]) {
      expect(decodeJwt(answer.id_token)).toMatchObject({ name: 'Ada Lovelace', email: 'ada@example.org' });
      expect(decodeJwt(answer.id_token)).not.toHaveProperty('address');
    }
  });

  it('are those of the granted scope', async () => {
    const reader = await webClient(app, { userClaimsInIdToken: true });
    const claims = claimsOf(await signInAndExchange(app, reader, user, { scope: 'openid email' }));
    expect(claims).toMatchObject({ email: 'ada@example.org' });
    expect(claims).not.toHaveProperty('name');
  });
});

describe('groups and roles', () => {
  const SCOPE = 'openid groups roles offline_access';
  const scopes = SCOPE.split(' ');
  const groups = ['platform', 'on-call'];
  let member: TestUser;

  beforeAll(async () => {
    member = await aUser(app);
    await setUser(member, { groups, attributes: { roles: ['editor'], salary: 1 } });
  });

  const setUser = (of: TestUser, change: UserChange) =>
    app.nest.get(UsersService, { strict: false }).update(of.subject, change, { actor: 'test', correlationId: 'test' });
  const userinfoOf = async ({ body }: Answer) =>
    (await send(`${app.url}/userinfo`, { headers: bearer(body.access_token) })).body;

  it('are at userinfo for a client with the scopes, and in no token', async () => {
    const answer = await signInAndExchange(app, await webClient(app, { scopes }), member, { scope: SCOPE });
    expect(await userinfoOf(answer)).toEqual({ sub: member.subject, groups, roles: ['editor'] });
    for (const token of [answer.body.id_token, answer.body.access_token]) {
      expect(decodeJwt(token)).not.toHaveProperty('groups');
    }
  });

  it('are in the ID token and the access token of a client that wants them there, as they are at each refresh', async () => {
    const reader = await webClient(app, { scopes, idTokenClaims: ['groups'], accessTokenClaims: ['groups', 'roles'] });
    const { body } = await signInAndExchange(app, reader, member, { scope: SCOPE });
    expect(decodeJwt(body.id_token)['groups']).toEqual(groups);
    expect(decodeJwt(body.id_token)).not.toHaveProperty('roles');
    expect(decodeJwt(body.access_token)).toMatchObject({ groups, roles: ['editor'] });
    expect((await introspect(app, reader, body.access_token)).body).toMatchObject({ active: true, groups });
    await setUser(member, { removeGroups: ['on-call'] });
    const refreshed = (await refresh(app, reader, body.refresh_token)).body;
    await setUser(member, { groups });
    for (const token of [refreshed.id_token, refreshed.access_token]) {
      expect(decodeJwt(token)['groups']).toEqual(['platform']);
    }
  });

  it('are in opaque access tokens too', async () => {
    const opaque = await webClient(app, { scopes, accessTokenFormat: 'opaque', accessTokenClaims: ['groups'] });
    const { body } = await signInAndExchange(app, opaque, member, { scope: SCOPE });
    expect((await introspect(app, opaque, body.access_token)).body).toMatchObject({ active: true, groups });
  });

  it('are not for a client without the scope, however it asks, nor are other attributes', async () => {
    const wishes = { accessTokenClaims: ['groups', 'salary'], userClaimsInIdToken: true };
    const claims = JSON.stringify({
      userinfo: { groups: null, salary: null },
      id_token: { groups: null, salary: null },
    });
    const without = await webClient(app, { ...wishes, scopes: ['openid'] });
    const answer = await signInAndExchange(app, without, member, { scope: SCOPE, claims });
    const found = [decodeJwt(answer.body.id_token), decodeJwt(answer.body.access_token), await userinfoOf(answer)];
    for (const name of ['groups', 'salary']) for (const claim of found) expect(claim).not.toHaveProperty(name);
    const having = await webClient(app, { ...wishes, scopes });
    const byName = await signInAndExchange(app, having, member, { scope: 'openid', claims });
    expect(await userinfoOf(byName)).toEqual({ sub: member.subject, groups });
    expect(decodeJwt(byName.body.id_token)['groups']).toEqual(groups);
    expect(decodeJwt(byName.body.access_token)).not.toHaveProperty('groups');
  });

  it('a refresh reads the user only for a client that wants claims in its tokens', async () => {
    const scope = ['read', 'groups'];
    const refreshOf = async (as: TestClient) => {
      const { refreshToken } = await startFamily(app, as, { subject: member.subject, scope });
      return withLostStatements(app, /FROM users/, () => refresh(app, as, refreshToken));
    };
    const usual = await refreshOf(await webClient(app, { scopes: scope }));
    expect([usual.result.status, usual.lost]).toEqual([200, 0]);
    const reader = await webClient(app, { scopes: scope, accessTokenClaims: ['groups'] });
    expect((await refreshOf(reader)).lost).toBe(1);
    app.logs.splice(0); // the lost statement was a 503
    const { refreshToken } = await startFamily(app, reader, { subject: member.subject, scope });
    expect(decodeJwt((await refresh(app, reader, refreshToken)).body.access_token)['groups']).toEqual(groups);
  });

  it('too many for a token are left out of it, are logged, and stay at userinfo', async () => {
    const manager = await aUser(app, { name: 'Grace' });
    await setUser(manager, { groups: Array.from({ length: 500 }, (_, index) => `a-longer-${index}`) });
    const wishes = { idTokenClaims: ['name', 'groups'], accessTokenClaims: ['name', 'groups'] };
    const reader = await webClient(app, { scopes: [...scopes, 'profile'], ...wishes });
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const answer = await signInAndExchange(app, reader, manager, { scope: 'openid profile groups' });
    for (const token of [answer.body.id_token, answer.body.access_token]) {
      expect([decodeJwt(token)['name'], decodeJwt(token)['groups']]).toEqual(['Grace', undefined]);
    }
    expect(warn.mock.calls).toMatchObject([[{ claims: ['groups'] }], [{ claims: ['groups'] }]]);
    warn.mockRestore();
    expect((await userinfoOf(answer)).groups).toHaveLength(500);
  });

  it.each(['sub', 'client_id', 'a b', ''])('the claim %j cannot be wanted in a token', async (claim) => {
    for (const field of ['idTokenClaims', 'accessTokenClaims'] as const) {
      await expect(webClient(app, { [field]: [claim] })).rejects.toThrow(/_token_claims entry 1 must/);
    }
  });
});

describe('beside an access token of type JWT', () => {
  let plain: TestClient;

  beforeAll(async () => {
    plain = await webClient(app, { accessTokenTyp: 'JWT', idTokenSignedResponseAlg: 'ES256', mayIntrospect: true });
    first = await signInAndExchange(app, plain, user);
  });

  it('the access token is one everywhere: for resource servers, introspection, userinfo and revocation', async () => {
    const token = first.body.access_token as string;
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'JWT', alg: 'ES256' });
    await verifyAtResource(app, token, { audience: app.issuer, typ: 'JWT' });
    expect((await introspect(app, plain, token)).body).toMatchObject({ active: true });
    expect((await send(`${app.url}/userinfo`, { headers: bearer(token) })).status).toBe(200);
    await revoke(app, plain, token);
    await expectInactive(app, plain, token);
  });

  it('the ID token is still no access token, and the access token no hint', async () => {
    const { access_token: accessToken, id_token: idToken } = (await signInAndExchange(app, plain, user)).body;
    expect(decodeProtectedHeader(idToken)).toEqual(decodeProtectedHeader(accessToken));
    await expectInactive(app, plain, idToken);
    expect((await send(`${app.url}/userinfo`, { headers: bearer(idToken) })).status).toBe(401);
    const hints = app.nest.get(IssuanceService, { strict: false });
    expect(await hints.readIdTokenHint(idToken)).toMatchObject({ subject: user.subject });
    expect(await hints.readIdTokenHint(accessToken)).toBeUndefined();
  });
});

describe('an ID token as a hint', () => {
  const read = (token: string) => app.nest.get(IssuanceService, { strict: false }).readIdTokenHint(token);
  const sign = (typ: JwsType, claims: object, algorithm?: SigningAlgorithm) =>
    signJws(typ, claims, app.nest.get(KeyRing, { strict: false }).signingKey(algorithm));

  beforeAll(async () => {
    first = await signInAndExchange(app, client, user);
  });

  it('a hint says who signed in where, long after the ID token has expired', async () => {
    const claims = claimsOf(first);
    app.clock.advanceSeconds(30 * 86_400);
    expect(await read(first.body.id_token)).toEqual({
      subject: user.subject,
      clientId: client.clientId,
      sessionId: claims['sid'],
      authTime: (claims['auth_time'] as number) * 1000,
    });
  });

  it('other tokens that we sign, and tokens of other issuers, are not accepted as a hint', async () => {
    const claims = claimsOf(first);
    expect(await read(await sign('JWT', claims, 'RS256'))).toMatchObject({ subject: user.subject });
    const [header, , signature] = (first.body.id_token as string).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
    const others = [
      first.body.access_token,
      first.body.refresh_token,
      await sign('at+jwt', claims),
      await sign('logout+jwt', claims, 'RS256'),
      await sign('JWT', { ...claims, iss: 'https://elsewhere.example' }, 'RS256'),
      `${header}.${forged}.${signature}`,
      `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${forged}.`,
      'x',
      '',
      'a.b.c',
      'x'.repeat(20_000),
    ];
    for (const token of others) expect(await read(token)).toBeUndefined();
  });

  it('a hint signed with the key before last is accepted, until that key is deleted', async () => {
    const { body } = await signInAndExchange(app, client, user);
    await app.nest.get(KeyRotationWorker, { strict: false }).rotateNow({ immediately: true });
    app.clock.advanceSeconds(86_400);
    expect(await read(body.id_token)).toMatchObject({ subject: user.subject });
    app.clock.advanceSeconds(301);
    expect(await read(body.id_token)).toBeUndefined();
  });
});

describe('the access token beside it', () => {
  it('the access token and introspection report when and how the user authenticated, also after a refresh', async () => {
    const { body } = await signInAndExchange(app, client, user);
    const authentication = { auth_time: seconds(), acr: 'urn:rekey:password', amr: ['pwd'] };
    app.clock.advanceSeconds(100);
    const refreshed = await refresh(app, client, body.refresh_token);
    for (const token of [body.access_token, refreshed.body.access_token]) {
      expect(decodeJwt(token)).toMatchObject(authentication);
      expect((await introspect(app, client, token)).body).toMatchObject(authentication);
    }
  });

  it('the access token is valid for userinfo, unless resources were named', async () => {
    const [api, files] = ['https://api.example', 'https://files.example'];
    const known = await webClient(app, { audience: [api, files] });
    const audienceOf = async (overrides: Record<string, string | null> = {}) =>
      decodeJwt((await signInAndExchange(app, known, user, overrides)).body.access_token).aud;
    expect(await audienceOf()).toEqual([api, files, app.issuer]);
    expect(await audienceOf({ scope: 'read' })).toEqual([api, files]);
    expect(await audienceOf({ resource: files })).toBe(files);
  });
});
