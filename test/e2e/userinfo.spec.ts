/** The userinfo endpoint (OpenID Connect Core §5.3, §5.4), and access tokens on it (RFC 6750). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { RevocationService } from '../../src/revocation/revocation.service.js';
import { UsersService } from '../../src/users/users.service.js';
import { accessToken, bearer } from '../support/admin.js';
import { changeClient, confidentialClient, type TestClient } from '../support/clients.js';
import { evilTokens, forgeryOf } from '../support/evil-tokens.js';
import { serverErrors } from '../support/expectations.js';
import { exchange, FORM } from '../support/raw-http.js';
import { basic, postForm, refresh, revoke, send, type Answer } from '../support/requests.js';
import { startSession } from '../support/sessions.js';
import { Authorization, authorize, aUser, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'read'];

const ada = {
  name: 'Ada Lovelace',
  given_name: 'Ada',
  birthdate: '1815-12-10',
  locale: 'en-GB',
  email: 'ada@example.org',
  email_verified: true,
  address: { locality: 'London', country: 'GB' },
  phone_number: '+44 20 7946 0018',
  phone_number_verified: false,
};

let app: TestApp;
let client: TestClient;
let user: TestUser;
let endpoint: string;
let token: string;

beforeAll(async () => {
  app = await startApp();
  endpoint = `${app.url}/userinfo`;
  client = await webClient(app);
  user = await aUser(app, ada);
  token = await tokenFor(SCOPES);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** An access token of this user, created without the pages. */
const tokenFor = async (scope: string[], of: TestUser = user, as = client): Promise<string> =>
  (await startSession(app, as, { subject: of.subject, scope })).accessToken;

const ask = (accessTokenText: string): Promise<Answer> => send(endpoint, { headers: bearer(accessTokenText) });

function expectChallenge(answer: Answer, status: number, error: string | undefined): void {
  expect({ status: answer.status, error: answer.body.error }).toEqual({
    status,
    error: error ?? 'authentication_required',
  });
  const challenge = answer.headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer realm="rekey"/);
  expect(/error="([^"]*)"/.exec(challenge)?.[1]).toBe(error);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('cache-control')).toContain('no-store');
}

describe('the answer', () => {
  it.each([
    ['in the header of a GET', () => ask(token)],
    ['in the header of a POST', () => send(endpoint, { method: 'POST', headers: bearer(token) })],
    ['in the form of a POST', () => postForm(endpoint, { access_token: token })],
  ])('[194] the userinfo response is JSON with no-store, for an access token %s', async (_title, request) => {
    const answer = await request();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      sub: user.subject,
      preferred_username: user.username,
      updated_at: Math.floor(app.clock.now() / 1000),
      ...ada,
    });
  });

  it('userinfo accepts an opaque access token as well', async () => {
    const opaque = await webClient(app, { accessTokenFormat: 'opaque' });
    expect((await ask(await tokenFor(['openid'], user, opaque))).body).toEqual({ sub: user.subject });
  });

  it.each([
    ['openid', []],
    ['openid email', ['email', 'email_verified']],
    ['openid address', ['address']],
    ['openid phone', ['phone_number', 'phone_number_verified']],
    ['openid profile', ['birthdate', 'given_name', 'locale', 'name', 'preferred_username', 'updated_at']],
    ['openid read', []],
  ])('for the scope %s userinfo has those of the claims %j that have a value', async (scope, names) => {
    const { body } = await ask(await tokenFor(scope.split(' ')));
    expect(Object.keys(body).sort()).toEqual([...names, 'sub'].sort());
  });

  it('userinfo has the claims requested by name for it, also after a refresh, and not those for the ID token', async () => {
    const claims = JSON.stringify({
      userinfo: { email: { essential: true }, given_name: null, website: null, sub: null, password_hash: null },
      id_token: { birthdate: null },
    });
    const { body } = await signInAndExchange(app, client, user, { claims });
    const refreshed = await refresh(app, client, body.refresh_token);
    for (const each of [body, refreshed.body]) {
      const answer = await ask(each.access_token);
      expect(answer.body).toEqual({ sub: user.subject, email: ada.email, given_name: ada.given_name });
      expect(answer.body.sub).toBe(decodeJwt(each.id_token).sub);
    }
  });

  it('userinfo has the current claims, not those at the time of the token', async () => {
    const other = await aUser(app, { name: 'Before' });
    const theirs = await tokenFor(SCOPES, other);
    await app.nest
      .get(UsersService, { strict: false })
      .update(other.subject, { claims: { nickname: 'After' } }, { actor: 'test', correlationId: 'test' });
    const { body } = await ask(theirs);
    expect([body.name, body.nickname]).toEqual([undefined, 'After']);
  });

  it('userinfo follows the token’s scope: a narrowed token gets fewer claims', async () => {
    const { refreshToken } = await startSession(app, client, { subject: user.subject, scope: SCOPES });
    const { body } = await refresh(app, client, refreshToken, { scope: 'openid email' });
    expect((await ask(body.access_token)).body).toEqual({
      sub: user.subject,
      email: ada.email,
      email_verified: true,
    });
  });

  it('HEAD has no body, but needs an access token', async () => {
    const good = await send(endpoint, { method: 'HEAD', headers: bearer(token) });
    expect([good.status, good.text]).toEqual([200, '']);
    expect((await send(endpoint, { method: 'HEAD' })).status).toBe(401);
  });
});

describe('an access token', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('[194] the access token’s scheme may be written %s', async (scheme) => {
    expect((await send(endpoint, { headers: { authorization: `${scheme} ${token}` } })).status).toBe(200);
  });

  it('[195] the access token is not read from the query', async () => {
    expectChallenge(await send(`${endpoint}?access_token=${token}`), 401, undefined);
    expectChallenge(await postForm(`${endpoint}?access_token=${token}`, {}), 401, undefined);
  });

  it('[195] the access token is not read from JSON or a cookie', async () => {
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ access_token: token });
    expectChallenge(await send(endpoint, { method: 'POST', headers: json, body }), 401, undefined);
    expectChallenge(await send(endpoint, { headers: { cookie: `access_token=${token}` } }), 401, undefined);
  });

  it('[196] a request without an access token gets a challenge without an error code', async () => {
    expectChallenge(await send(endpoint), 401, undefined);
    expectChallenge(await send(endpoint, { method: 'POST' }), 401, undefined);
    expectChallenge(await postForm(endpoint, { access_token: '' }), 401, undefined);
    expectChallenge(await send(endpoint, { headers: basic(client) }), 401, undefined);
  });

  it('[196] a login session does not replace the access token: no cookie is read', async () => {
    const visitor = new Visitor(app);
    await authorize(app, user, new Authorization(client), visitor);
    const visit = await visitor.get('/userinfo');
    expect([visitor.cookies.size > 0, visit.status]).toEqual([true, 401]);
    expect(visit.headers.getSetCookie()).toEqual([]);
  });

  it.each(['', 'x', 'a b', '***', `at_${'A'.repeat(100)}`, 'A'.repeat(8000)])(
    '[197] an access token that was never issued is invalid: %s',
    async (text) => {
      expectChallenge(await send(endpoint, { headers: { authorization: `Bearer ${text}` } }), 401, 'invalid_token');
      if (text !== '') expectChallenge(await postForm(endpoint, { access_token: text }), 401, 'invalid_token');
    },
  );

  it.each(evilTokens)('[197] the access token must not be $name', async ({ forge }) => {
    expectChallenge(await ask(await forge(forgeryOf(app, token))), 401, 'invalid_token');
  });

  it('[197] an expired access token is invalid', async () => {
    const brief = await webClient(app, { accessTokenTtlSeconds: 10 });
    const old = await tokenFor(['openid'], user, brief);
    expect((await ask(old)).status).toBe(200);
    app.clock.advanceSeconds(10);
    expectChallenge(await ask(old), 401, 'invalid_token');
  });

  it('[197] a revoked access token is invalid at once: alone, with its family, with its subject', async () => {
    const alone = await tokenFor(['openid']);
    await revoke(app, client, alone);
    const session = await startSession(app, client, { subject: user.subject, scope: ['openid'] });
    await revoke(app, client, session.refreshToken);
    const other = await aUser(app);
    const theirs = await tokenFor(['openid'], other);
    await app.nest
      .get(RevocationService, { strict: false })
      .revoke([{ kind: 'subject', value: other.subject, reason: 'test', actor: 'test' }], {
        event: 'revocation.created',
        correlationId: 'test',
      });
    for (const each of [alone, session.accessToken, theirs]) expectChallenge(await ask(each), 401, 'invalid_token');
    expect((await ask(token)).status).toBe(200);
  });

  it('[197] the access token of a disabled or deleted user is invalid', async () => {
    const [disabled, deleted] = [await aUser(app), await aUser(app)];
    const tokens = [await tokenFor(['openid'], disabled), await tokenFor(['openid'], deleted)];
    for (const each of tokens) expect((await ask(each)).status).toBe(200);
    await setSubjectDisabled(app, disabled.subject, true);
    await app.nest
      .get(UsersService, { strict: false })
      .delete(deleted.subject, { actor: 'test', correlationId: 'test' });
    for (const each of tokens) expectChallenge(await ask(each), 401, 'invalid_token');
  });

  it('[197] an access token issued while its user was disabled is invalid, revoked or not', async () => {
    const someone = await aUser(app);
    await app.database.query('INSERT INTO subjects (subject, updated_at, disabled_at) VALUES ($1, now(), NULL)', [
      someone.subject,
    ]);
    const theirs = await tokenFor(['openid'], someone);
    await app.database.query('UPDATE subjects SET disabled_at = now() WHERE subject = $1', [someone.subject]);
    expectChallenge(await ask(theirs), 401, 'invalid_token');
  });

  it('[197] an access token of a subject without a user here is invalid: a user of another system', async () => {
    expectChallenge(await ask(await tokenFor(['openid'], { ...user, subject: 'theirs' })), 401, 'invalid_token');
  });

  it('[197] an access token of a client for itself has no openid, and so does not suffice', async () => {
    const machine = await confidentialClient(app, { scopes: ['openid', 'a'] });
    expectChallenge(await ask(await accessToken(app, machine)), 403, 'insufficient_scope');
  });

  it('[197] an access token for other resources is invalid, so that those cannot learn who the user is', async () => {
    const api = 'https://api.example';
    const known = await webClient(app, { audience: [api] });
    const whole = await signInAndExchange(app, known, user);
    expect((await ask(whole.body.access_token)).status).toBe(200);
    const narrow = await refresh(app, known, whole.body.refresh_token, { resource: api });
    expect(decodeJwt(narrow.body.access_token).aud).toBe(api);
    expectChallenge(await ask(narrow.body.access_token), 401, 'invalid_token');
  });

  it('[198] an access token without the scope openid is refused', async () => {
    const answer = await ask(await tokenFor(['profile', 'email']));
    expectChallenge(answer, 403, 'insufficient_scope');
    expect(answer.headers.get('www-authenticate')).toContain('scope="openid"');
  });

  it('[198] a client that has lost the scope is refused from its next token on', async () => {
    const losing = await webClient(app);
    const { refreshToken } = await startSession(app, losing, { subject: user.subject, scope: ['openid', 'email'] });
    await changeClient(app, losing, { scopes: ['email'] });
    const { body } = await refresh(app, losing, refreshToken);
    expectChallenge(await ask(body.access_token), 403, 'insufficient_scope');
  });

  it('[199] access tokens in both the header and the body are refused', async () => {
    expectChallenge(await postForm(endpoint, { access_token: token }, bearer(token)), 400, 'invalid_request');
    const headers = { ...bearer(token), 'content-type': 'application/json' };
    const body = JSON.stringify({ access_token: token });
    expectChallenge(await send(endpoint, { method: 'POST', headers, body }), 400, 'invalid_request');
  });

  it('[199] two Authorization headers are refused', async () => {
    const authorization = ['Authorization', `Bearer ${token}`] as const;
    const twice = { path: '/userinfo', headers: [authorization, authorization] };
    expectChallenge(await exchange(app.url, { method: 'GET', ...twice }), 400, 'invalid_request');
  });

  it('[199] an access token repeated in the form is refused', async () => {
    const body = `access_token=${token}&access_token=${token}`;
    const answer = await exchange(app.url, { method: 'POST', path: '/userinfo', headers: [FORM], body });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  });

  it('[200] refresh tokens, codes and ID tokens are not accepted as access tokens', async () => {
    const { body } = await signInAndExchange(app, client, user);
    const code = (await authorize(app, user, new Authorization(client))).get('code')!;
    for (const other of [body.refresh_token, body.id_token, code]) {
      expectChallenge(await ask(other), 401, 'invalid_token');
      expectChallenge(await postForm(endpoint, { access_token: other }), 401, 'invalid_token');
    }
  });
});

describe('scripts of web pages', () => {
  const SPA = { origin: 'https://spa.example' };
  const readableBy = ({ headers }: Answer) => headers.get('access-control-allow-origin');

  it('a script of an origin that the client has registered may ask userinfo', async () => {
    const spa = await webClient(app, { allowedOrigins: [SPA.origin] });
    const theirs = await tokenFor(['openid'], user, spa);
    for (const answer of [
      await send(endpoint, { headers: { ...SPA, ...bearer(theirs) } }),
      await postForm(endpoint, { access_token: theirs }, SPA),
    ]) {
      expect([answer.status, readableBy(answer)]).toEqual([200, SPA.origin]);
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    }
  });

  it('a script of another origin gets no claims, and may read why', async () => {
    const refused = await send(endpoint, { headers: { ...SPA, ...bearer(token) } });
    expect([refused.status, refused.body.error, readableBy(refused)]).toEqual([400, 'unauthorized_client', SPA.origin]);
    const challenged = await send(endpoint, { headers: { ...SPA, ...bearer('x') } });
    expect([challenged.status, readableBy(challenged)]).toEqual([401, SPA.origin]);
    expect(challenged.headers.get('access-control-expose-headers')).toContain('www-authenticate');
  });
});

it.each(['PUT', 'PATCH', 'DELETE'])('%s is not allowed', async (method) => {
  const answer = await send(endpoint, { method, headers: bearer(token) });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
});

it('a form that is too large or has too many parameters is refused before it is parsed', async () => {
  const many = Array.from({ length: 1000 }, (_, index) => `p${index}=x`).join('&');
  expect((await postForm(endpoint, `access_token=${token}&${many}`)).status).toBe(400);
  expect((await postForm(endpoint, { access_token: 'x'.repeat(65_536) })).status).toBe(413);
  expect((await postForm(endpoint, 'access_token=%zz')).status).toBe(400);
});
