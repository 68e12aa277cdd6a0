/** The logout endpoint (OpenID Connect RP-Initiated Logout 1.0): sign-out, confirmation and redirects. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { auditOf, auditOfSession } from '../support/audit-trail.js';
import { changeClient, confidentialClient, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { introspect, refresh, send } from '../support/requests.js';
import { aUser, isSignIn, REDIRECT_URI, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor, type Visit } from '../support/visitor.js';

const HOME = 'https://client.test/signed-out';

let app: TestApp;
let client: TestClient;
let user: TestUser;

beforeAll(async () => {
  app = await startApp();
  client = await webClient(app, { name: 'Corner Shop', postLogoutRedirectUris: [HOME], mayIntrospect: true });
  user = await aUser(app);
});
afterAll(() => app.close());

interface SignedIn {
  readonly visitor: Visitor;
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** A browser with a signed-in user, and the tokens that the client got. */
async function signedIn({ of = client, who = user, scope = 'openid read', visitor = new Visitor(app) } = {}) {
  const { body } = await signInAndExchange(app, of, who, { scope }, visitor);
  return {
    visitor,
    idToken: body.id_token,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
  } as SignedIn;
}

const endSession = (visitor: Visitor, parameters: Record<string, string> = {}): Promise<Visit> =>
  visitor.get(`/end-session?${new URLSearchParams(parameters).toString()}`);

const isSignedIn = async (visitor: Visitor): Promise<boolean> => !isSignIn(await visitor.get('/account'));

const asksFirst = ({ status, html }: Visit): boolean => status === 200 && html.includes('Sign out?');
const saysSignedOut = ({ status, html }: Visit): boolean => status === 200 && html.includes('You are signed out');

const isActive = async (token: string): Promise<boolean> => (await introspect(app, client, token)).body.active;

describe('with an ID token of this login session', () => {
  it('with an ID token of this session, the user is signed out at once and redirected with the state', async () => {
    const { visitor, idToken } = await signedIn();
    const visit = await endSession(visitor, {
      id_token_hint: idToken,
      post_logout_redirect_uri: HOME,
      state: 'a b&c',
    });
    expect(visit.left).toBe(true);
    expect(visit.status).toBe(303);
    expect(visit.url.href).toBe(`${HOME}?state=a+b%26c`);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  it('a logout ends the login session, not only the cookie', async () => {
    const { visitor, idToken } = await signedIn();
    const thief = new Visitor(app);
    for (const [name, value] of visitor.cookies) thief.cookies.set(name, value);
    expect(await isSignedIn(thief)).toBe(true);
    await endSession(visitor, { id_token_hint: idToken });
    expect([...visitor.cookies.keys()]).toEqual(['rekey-browser']);
    expect(await isSignedIn(thief)).toBe(false);
  });

  it('a logout revokes families that are not offline with their access tokens; offline families stay valid', async () => {
    const visitor = new Visitor(app);
    const brief = await signedIn({ visitor });
    const lasting = await signedIn({ visitor, scope: 'openid offline_access read' });
    expect([brief.refreshToken, typeof lasting.refreshToken]).toEqual([undefined, 'string']);
    expect([await isActive(brief.accessToken), await isActive(lasting.accessToken)]).toEqual([true, true]);
    await endSession(visitor, { id_token_hint: lasting.idToken });
    expect([await isActive(brief.accessToken), await isActive(lasting.accessToken)]).toEqual([false, true]);
    expect((await refresh(app, client, lasting.refreshToken!)).status).toBe(200);
  });

  it('a logout does not affect the user’s other browsers', async () => {
    const [here, there] = [await signedIn(), await signedIn()];
    await endSession(here.visitor, { id_token_hint: here.idToken });
    expect(await isSignedIn(there.visitor)).toBe(true);
    expect([await isActive(here.accessToken), await isActive(there.accessToken)]).toEqual([false, true]);
  });

  it('an expired ID token is accepted as a hint', async () => {
    const { visitor, idToken } = await signedIn();
    app.clock.advanceSeconds(2 * 3600);
    const visit = await endSession(visitor, { id_token_hint: idToken, post_logout_redirect_uri: HOME });
    expect(visit.url.href).toBe(HOME);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  it('a session that has idled out is ended all the same', async () => {
    const { visitor, idToken } = await signedIn({ scope: 'openid offline_access read' });
    app.clock.advanceSeconds(9 * 3600);
    expect(await isSignedIn(visitor)).toBe(false);
    const visit = await endSession(visitor, { id_token_hint: idToken, post_logout_redirect_uri: HOME });
    expect(visit.url.href).toBe(HOME);
    const events = await auditOfSession(app, String(decodeJwt(idToken)['sid']));
    expect(events.map(({ event }) => event)).toContain('session.ended');
  });

  it('a logout request may be a form; without the cookie it is repeated by a redirect', async () => {
    const { visitor, idToken } = await signedIn();
    const fields = { id_token_hint: idToken, post_logout_redirect_uri: HOME, state: 'x' };
    const crossSite = await new Visitor(app).post('/end-session', fields, {
      origin: new URL(REDIRECT_URI).origin,
      'sec-fetch-site': 'cross-site',
    });
    expect(crossSite.headers.getSetCookie()).toEqual([]);
    expect(await isSignedIn(visitor)).toBe(true);
    const visit = await visitor.post('/end-session', fields);
    expect(visit.url.href).toBe(`${HOME}?state=x`);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  it('without a redirect URI, the user sees a page', async () => {
    const { visitor, idToken } = await signedIn();
    const visit = await endSession(visitor, { id_token_hint: idToken, state: 'x' });
    expect(saysSignedOut(visit)).toBe(true);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  it('the audit log records who ended which session', async () => {
    const { visitor, idToken } = await signedIn();
    const [session] = await app.database.query<{ id: string }[]>(
      'SELECT id FROM login_sessions WHERE subject = $1 AND ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1',
      [user.subject],
    );
    const answer = await send(`${app.url}/end-session?${new URLSearchParams({ id_token_hint: idToken }).toString()}`, {
      headers: { cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    expect(await auditOf(app, answer)).toMatchObject([
      {
        event: 'session.ended',
        reason: 'client_request',
        subject: user.subject,
        sid: session!.id,
        actor: `client:${client.clientId}`,
        detail: { families: 1, notices: 0 },
      },
    ]);
  });
});

describe('without an ID token of this login session', () => {
  it('without an ID token, the user is asked and stays signed in until the answer', async () => {
    const { visitor, accessToken } = await signedIn();
    const question = await endSession(visitor, {
      client_id: client.clientId,
      post_logout_redirect_uri: HOME,
      state: 'x',
    });
    expect(asksFirst(question)).toBe(true);
    expect(question.html).toContain('Corner Shop');
    expect(question.headers.get('content-security-policy')).not.toContain('form-action');
    expect(await isSignedIn(visitor)).toBe(true);
    const visit = await visitor.submit(question);
    expect(visit.url.href).toBe(`${HOME}?state=x`);
    expect(await isSignedIn(visitor)).toBe(false);
    expect(await isActive(accessToken)).toBe(false);
  });

  it('without a known client, the user sees that they are signed out', async () => {
    const { visitor } = await signedIn();
    const question = await endSession(visitor);
    expect(asksFirst(question)).toBe(true);
    expect(saysSignedOut(await visitor.submit(question))).toBe(true);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  it.each(['GET', 'POST'] as const)('a %s from another site does not sign the user out', async (method) => {
    const { visitor } = await signedIn();
    const headers = { 'sec-fetch-site': 'cross-site' };
    const visit =
      method === 'GET' ? await visitor.get('/end-session', headers) : await visitor.post('/end-session', {}, headers);
    expect(asksFirst(visit)).toBe(true);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  it('with an ID token of another session of the same user, the user is asked', async () => {
    const [here, there] = [await signedIn(), await signedIn()];
    const question = await endSession(here.visitor, { id_token_hint: there.idToken, post_logout_redirect_uri: HOME });
    expect(asksFirst(question)).toBe(true);
    expect((await here.visitor.submit(question)).url.href).toBe(HOME);
    expect(await isSignedIn(here.visitor)).toBe(false);
    expect(await isSignedIn(there.visitor)).toBe(true);
  });

  it('with an ID token of another user, the user is asked', async () => {
    const other = await signedIn({ who: await aUser(app) });
    const { visitor } = await signedIn();
    const question = await endSession(visitor, { id_token_hint: other.idToken });
    expect(asksFirst(question)).toBe(true);
    expect([await isSignedIn(visitor), await isSignedIn(other.visitor)]).toEqual([true, true]);
  });
});

describe('a request with an invalid part leads to no redirect', () => {
  const evilUris = [
    'https://client.test/signed-out/',
    'https://client.test/signed-out?',
    'https://client.test/signed-out#',
    'https://client.test/signed-out?next=https://evil.test',
    'https://client.test/signed-out/../evil',
    'https://client.test/%73igned-out',
    'https://client.test/Signed-out',
    'HTTPS://client.test/signed-out',
    'https://CLIENT.test/signed-out',
    'https://client.test:443/signed-out',
    'https://client.test./signed-out',
    'https://client.test@evil.test/signed-out',
    'https://evil.test@client.test/signed-out',
    'https://client.test.evil.test/signed-out',
    'https://evil.test/https://client.test/signed-out',
    'https://evil.test\\@client.test/signed-out',
    'https://client.test\\.evil.test/signed-out',
    ' https://client.test/signed-out',
    'https://client.test/signed-out ',
    'https://client.test/signed-out\r\nSet-Cookie: a=b',
    'https://client.test/signed-out\t',
    'https://client.test/signed-out\0',
    'http://client.test/signed-out',
    '//client.test/signed-out',
    '//evil.test',
    '/signed-out',
    'https:client.test/signed-out',
    'https:/client.test/signed-out',
    'https:///client.test/signed-out',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'https://client.test/*',
    'https://*.test/signed-out',
    'https://client.test/signed-out/..;/evil',
    'https://client.test/signed-out%2f..%2fevil',
    'https://cl\u0131ent.test/signed-out',
    'https://client.test/signed-out,https://evil.test',
    REDIRECT_URI,
    'https://evil.test',
  ];

  it.each(evilUris)('[263] a redirect URI that is not registered leads to no redirect: %j', async (uri) => {
    const { idToken } = await known();
    const withHint = await endSession(new Visitor(app), { id_token_hint: idToken, post_logout_redirect_uri: uri });
    expect(saysSignedOut(withHint)).toBe(true);
    expect(withHint.html).toContain('you are not sent there');
    const logged = app.logs.filter((line) => line.includes(withHint.headers.get('x-correlation-id')!));
    expect(logged.some((line) => line.includes('"result":"post_logout_redirect_withheld"'))).toBe(true);
    expect(withHint.html).not.toMatch(/(?:\/|%2f)evil/i);
    const confirmed = await new Visitor(app).post('/end-session/confirm', {
      client_id: client.clientId,
      post_logout_redirect_uri: uri,
    });
    expect(saysSignedOut(confirmed)).toBe(true);
    const { visitor } = await known();
    const question = await endSession(visitor, { client_id: client.clientId, post_logout_redirect_uri: uri });
    expect(asksFirst(question)).toBe(true);
    expect(question.html).toContain('you are not sent there');
    expect(question.forms[0]!.fields).not.toHaveProperty('post_logout_redirect_uri');
    expect(question.headers.get('content-security-policy')).toContain(`form-action 'self';`);
  });

  let remembered: SignedIn | undefined;
  const known = async (): Promise<SignedIn> => (remembered ??= await signedIn());

  it('a redirect URI of another client leads to no redirect', async () => {
    const other = await webClient(app, { postLogoutRedirectUris: ['https://other.test/out'] });
    const { visitor, idToken } = await signedIn({ of: other });
    const visit = await endSession(visitor, { id_token_hint: idToken, post_logout_redirect_uri: HOME });
    expect(saysSignedOut(visit)).toBe(true);
  });

  it('an ID token and a client_id that do not match lead to no redirect', async () => {
    const other = await webClient(app, { postLogoutRedirectUris: [HOME] });
    const { visitor, idToken } = await signedIn();
    const question = await endSession(visitor, {
      id_token_hint: idToken,
      client_id: other.clientId,
      post_logout_redirect_uri: HOME,
    });
    expect(asksFirst(question)).toBe(true);
    expect(saysSignedOut(await visitor.submit(question))).toBe(true);
  });

  it('an invalid ID token leads to no redirect', async () => {
    const { visitor, idToken, accessToken } = await signedIn();
    const [header, payload, signature] = idToken.split('.') as [string, string, string];
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
    const forged = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'somebody' }),
    ).toString('base64url');
    const hints = [
      'x',
      accessToken,
      `${unsigned}.${payload}.`,
      `${header}.${forged}.${signature}`,
      `${idToken}x`,
      'x'.repeat(9000),
    ];
    for (const hint of hints) {
      const question = await endSession(visitor, {
        id_token_hint: hint,
        client_id: client.clientId,
        post_logout_redirect_uri: HOME,
      });
      expect(asksFirst(question)).toBe(true);
      expect(question.html).not.toContain('Corner Shop');
      expect(question.forms[0]!.fields).not.toHaveProperty('post_logout_redirect_uri');
    }
    expect(await isSignedIn(visitor)).toBe(true);
  });

  it('a disabled client gets no redirect', async () => {
    const former = await webClient(app, { postLogoutRedirectUris: [HOME] });
    const { visitor, idToken } = await signedIn({ of: former });
    await changeClient(app, former, { disabled: true });
    const question = await endSession(visitor, { id_token_hint: idToken, post_logout_redirect_uri: HOME });
    expect(asksFirst(question)).toBe(true);
    expect(saysSignedOut(await visitor.submit(question))).toBe(true);
  });
});

describe('in a browser without a login session', () => {
  it('without a login session, a page says so, and no cookie is changed', async () => {
    const visit = await endSession(new Visitor(app));
    expect(saysSignedOut(visit)).toBe(true);
    expect(visit.headers.getSetCookie()).toEqual([]);
  });

  it('without a login session, only a client that holds a valid ID token gets the redirect', async () => {
    const { idToken } = await signedIn();
    const goTo = { post_logout_redirect_uri: HOME, state: 'x' };
    expect((await endSession(new Visitor(app), { id_token_hint: idToken, ...goTo })).url.href).toBe(`${HOME}?state=x`);
    expect(saysSignedOut(await endSession(new Visitor(app), { client_id: client.clientId, ...goTo }))).toBe(true);
  });
});

describe('the answer to the question', () => {
  const question = async () => {
    const { visitor } = await signedIn();
    const visit = await endSession(visitor, { client_id: client.clientId, post_logout_redirect_uri: HOME });
    return { visitor, visit, form: visit.forms[0]! };
  };

  it('an answer without the form token is refused, and the user stays signed in', async () => {
    const { visitor, form } = await question();
    const { form_token: _, ...fields } = form.fields;
    for (const token of [undefined, 'x', 'x'.repeat(43)]) {
      const refused = await visitor.post(form.action, { ...fields, ...(token && { form_token: token }) });
      expect(refused.status).toBe(400);
    }
    expect(await isSignedIn(visitor)).toBe(true);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.test' },
    { origin: 'null' },
  ])('an answer from another site is refused: %j', async (headers: Record<string, string>) => {
    const { visitor, form } = await question();
    expect((await visitor.post(form.action, form.fields, headers)).status).toBe(400);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  it('an answer to a form shown to another user of this browser is refused', async () => {
    const { visitor, form } = await question();
    await signedIn({ who: await aUser(app), visitor: await withoutSession(visitor) });
    expect((await visitor.post(form.action, form.fields)).status).toBe(400);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  /** Removes the session cookie, like a sign-in of another user. */
  const withoutSession = async (visitor: Visitor): Promise<Visitor> => {
    visitor.cookies.delete('rekey-session');
    return visitor;
  };

  it('an answer sent twice has the same outcome twice', async () => {
    const { visitor, visit } = await question();
    expect((await visitor.submit(visit)).url.href).toBe(HOME);
    expect((await visitor.submit(visit)).url.href).toBe(HOME);
  });

  it('an answer after the session has ended redirects to the client, if this browser was shown the form', async () => {
    const { visitor, form } = await question();
    await app.database.query('UPDATE login_sessions SET ended_at = now() WHERE ended_at IS NULL');
    expect((await visitor.post(form.action, form.fields)).url.href).toBe(HOME);
    for (const fields of [{ form_token: 'x' }, { session: 'x' }]) {
      expect(saysSignedOut(await visitor.post(form.action, { ...form.fields, ...fields }))).toBe(true);
    }
    expect(saysSignedOut(await new Visitor(app).post(form.action, form.fields))).toBe(true);
    expect(saysSignedOut(await visitor.post(form.action, form.fields, { 'sec-fetch-site': 'cross-site' }))).toBe(true);
  });

  it('an answer from another site without the cookie ends nothing and deletes no cookie', async () => {
    const { visitor, form } = await question();
    const visit = await new Visitor(app).post(form.action, form.fields, { 'sec-fetch-site': 'cross-site' });
    expect(visit.headers.getSetCookie()).toEqual([]);
    expect(saysSignedOut(visit)).toBe(true);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  it('an answer that is not a form is refused', async () => {
    const answer = await send(`${app.url}/end-session/confirm`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('text/html');
  });
});

describe('hostile input', () => {
  it('HEAD does not sign the user out', async () => {
    const { visitor, idToken } = await signedIn();
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const url = `${app.url}/end-session?${new URLSearchParams({ id_token_hint: idToken }).toString()}`;
    const answer = await send(url, { method: 'HEAD', headers: { cookie } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  it.each([
    ['a repeated parameter', 'state=a&state=b'],
    ['broken percent-encoding', 'state=%zz'],
    ['a thousand parameters', Array.from({ length: 1000 }, (_, index) => `p${index}=1`).join('&')],
    ['a NUL', `client_id=%00&post_logout_redirect_uri=%00&id_token_hint=%00`],
    ['a long state', `state=${'x'.repeat(8000)}`],
  ])('%s causes neither a failure nor a redirect', async (_, query) => {
    for (const request of [
      () => send(`${app.url}/end-session?${query}`, { redirect: 'manual' }),
      () => postRaw('/end-session', query),
      () => postRaw('/end-session/confirm', query),
    ]) {
      const answer = await request();
      expect([200, 303, 400]).toContain(answer.status);
      expect(answer.headers.get('content-type') ?? 'text/html').toContain('text/html');
      expect(answer.headers.get('location') ?? '/end-session?').toMatch(/^\/end-session\?/);
    }
  });

  it('a state of 64 KiB is refused', async () => {
    const answer = await postRaw('/end-session', `state=${'x'.repeat(65_536)}`);
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect((await postRaw('/end-session', `state=${'x'.repeat(10_000)}`)).status).toBe(400);
  });

  it('HTML in the request is shown as text', async () => {
    const evil = '"><script>alert(1)</script>';
    const named = await confidentialClient(app, { name: evil, postLogoutRedirectUris: [HOME] });
    const { visitor } = await signedIn();
    const { html } = await endSession(visitor, {
      client_id: named.clientId,
      post_logout_redirect_uri: HOME,
      state: evil,
      ui_locales: evil,
    });
    expect(html).toContain('&lt;script>alert(1)');
    expect(html).not.toContain('<script');
  });

  it('the page is in the requested language', async () => {
    const { visitor } = await signedIn();
    const question = await endSession(visitor, { ui_locales: 'zh-Hant' });
    expect(question.html).toContain('<html lang="zh-Hant">');
    expect((await visitor.submit(question)).html).toContain('<html lang="zh-Hant">');
  });

  afterAll(() => {
    expect(serverErrors(app)).toEqual([]);
  });
});

describe('the database', () => {
  it('with the database away, the user is not signed out: 503, and it works later', async () => {
    const { visitor, idToken, accessToken } = await signedIn();
    for (const pattern of [/^UPDATE login_sessions/, /UPDATE token_families/, /INSERT INTO audit_events/]) {
      const { result, lost } = await withLostStatements(app, pattern, () =>
        endSession(visitor, { id_token_hint: idToken, post_logout_redirect_uri: HOME }),
      );
      expect(lost).toBeGreaterThan(0);
      expect([result.status, result.left]).toEqual([503, false]);
      expect(result.headers.get('retry-after')).not.toBeNull();
      expect(await isSignedIn(visitor)).toBe(true);
      expect(await isActive(accessToken)).toBe(true);
    }
    await endSession(visitor, { id_token_hint: idToken });
    expect(await isSignedIn(visitor)).toBe(false);
  });
});

const postRaw = (path: string, body: string) =>
  send(`${app.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
    redirect: 'manual',
  });
