/** Signing in through an upstream OpenID provider: the redirect, the response, and everything that can be wrong with it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { UsersService } from '../../src/users/users.service.js';
import { timed } from '../support/availability.js';
import { auditOf } from '../support/audit-trail.js';
import type { TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { send, type Answer } from '../support/requests.js';
import { Authorization, isConsent, isSignIn, webClient } from '../support/sign-in.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { Upstream, UPSTREAM_CLIENT, type Trouble } from '../support/upstream.js';
import { Visitor, type Visit } from '../support/visitor.js';

const START = '/sign-in/upstream';
const CALLBACK = '/sign-in/upstream/callback';

let upstream: Upstream;
let app: TestApp;
let elsewhere: TestApp;
let client: TestClient;

beforeAll(async () => {
  upstream = await Upstream.start();
  // openid-client goes by the system's clock.
  const clock = new TestClock(Date.now());
  elsewhere = await startApp({
    clock,
    environment: { ...upstream.environment, REKEY_SECRET: 'another-master-key-9876543210-zyxwvutsrq' },
  });
  // The last: Nest's logger is the process's.
  app = await startApp({ clock, environment: { ...upstream.environment, REKEY_UPSTREAM_NAME: 'Contoso & <Co>' } });
  client = await webClient(app);
});
afterAll(async () => {
  await Promise.all([app.close(), elsewhere.close()]);
  await upstream.close();
});
let count = 0;
beforeEach(() => {
  upstream.reset();
  upstream.user = { sub: `user ${++count}` };
});
afterEach(() => expect(unexplained()).toEqual([]));

/** 5xx that are not 503. */
const unexplained = () => serverErrors(app).filter((line) => !line.includes('"status":503'));

const startFor = (request?: string) =>
  request === undefined ? START : `${START}?${new URLSearchParams({ authorization_request: request }).toString()}`;

const requestOf = (overrides: Record<string, string | null> = {}) =>
  new Authorization(client, overrides).path.split('?')[1]!;

/** Sends the browser to the provider. @returns the redirect URL */
async function leave(visitor: Visitor, request?: string): Promise<URL> {
  const visit = await visitor.get(startFor(request));
  expect({ left: visit.left, status: visit.status }).toEqual({ left: true, status: 303 });
  return visit.url;
}

/** The provider's response. */
async function answerTo(url: URL): Promise<URL> {
  const { headers } = await send(url.href, { redirect: 'manual' });
  return new URL(headers.get('location')!);
}

const arrive = (visitor: Visitor, { pathname, search }: URL): Promise<Visit> => visitor.get(pathname + search);

/** The whole sign-in. */
async function signInUpstream(visitor: Visitor, request?: string): Promise<Visit> {
  return arrive(visitor, await answerTo(await leave(visitor, request)));
}

/** The callback only, without following redirects. */
const callback = (visitor: Visitor, url: URL): Promise<Answer> =>
  send(`${app.url}${url.pathname}${url.search}`, {
    redirect: 'manual',
    headers: { cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
  });

const linked = async (sub = upstream.user.sub): Promise<string | undefined> => {
  const rows = await app.database.query<{ subject: string }[]>(
    'SELECT subject FROM linked_accounts WHERE issuer = $1 AND external_subject = $2',
    [upstream.issuer, sub],
  );
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0]?.subject;
};

const sessionsOf = (subject: string) =>
  app.database.query<{ id: string; acr: string; amr: string[]; auth_time: Date }[]>(
    'SELECT id, acr, amr, auth_time FROM login_sessions WHERE subject = $1',
    [subject],
  );

/** Expects an error page with a link back, no session, no new user, and no text of the provider. */
async function expectFailure(visitor: Visitor, visit: Visit | Answer, status: number): Promise<void> {
  const html = 'html' in visit ? visit.html : visit.text;
  expect({ status: visit.status, html: visit.status === status ? '' : html }).toEqual({ status, html: '' });
  expect(visit.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(html).toMatch(/<a [^>]*href="\/(sign-in|authorize\?[^"]*)"/);
  const said = html.replace(/(code_challenge(?:=|%3D))[\w-]{43}/g, '$1'); // random, so it may contain any text
  expect(said).not.toMatch(/on fire|<script|\bevil\b|contoso/i);
  if (status === 503) expect(visit.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(visitor.cookies.has('rekey-session')).toBe(false);
  expect(await linked()).toBeUndefined();
}

describe('the button', () => {
  it('the button names the provider and passes the authorization request on', async () => {
    const request = requestOf({ state: 'a&b "c"' });
    const { html } = await new Visitor(app).get(`/authorize?${request}`);
    expect(html).toContain('Contoso &amp; &lt;Co>');
    const [, href] = /href="(\/sign-in\/upstream[^"]*)"/.exec(html)!;
    const query = new URL(href!.replaceAll('&amp;', '&'), app.url).searchParams;
    expect(query.get('authorization_request')).toBe(request);
    const plain = await new Visitor(app).get('/sign-in');
    expect(plain.html).toContain('href="/sign-in/upstream"');
  });

  it('a request too long for a cookie has no button, and the upstream route refuses it', async () => {
    const request = requestOf({ state: 's'.repeat(2400) });
    const visit = await new Visitor(app).get(`/authorize?${request}`);
    expect(isSignIn(visit)).toBe(true);
    expect(visit.html).not.toContain('/sign-in/upstream');
    const { status, left } = await new Visitor(app).get(startFor(request));
    expect({ status, left }).toEqual({ status: 400, left: false });
  });

  it('the longest request that fits has a button, and the sign-in works', async () => {
    const rest = requestOf({ state: null }).length + '&state='.length;
    const visit = await signInUpstream(new Visitor(app), requestOf({ state: 's'.repeat(2400 - rest) }));
    expect(isConsent(visit)).toBe(true);
  });
});

describe('the redirect to the provider', () => {
  it('each sign-in asks for a code with its own state, nonce and challenge (RFC 7636, RFC 9700 §2.1.1)', async () => {
    const urls = [await leave(new Visitor(app)), await leave(new Visitor(app))];
    for (const url of urls) {
      expect(`${url.origin}${url.pathname}`).toBe(`${upstream.issuer}/authorize`);
      expect(Object.fromEntries(url.searchParams)).toEqual({
        response_type: 'code',
        client_id: UPSTREAM_CLIENT.id,
        redirect_uri: `${app.issuer}${CALLBACK}`,
        scope: 'openid profile email',
        state: expect.stringMatching(/^[\w-]{43}$/),
        nonce: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      });
    }
    const random = urls.flatMap(({ searchParams }) =>
      ['state', 'nonce', 'code_challenge'].map((name) => searchParams.get(name)),
    );
    expect(new Set(random).size).toBe(6);
  });

  it('[264] the state of the sign-in is sealed in the browser for ten minutes, and not in the database', async () => {
    const tables = () =>
      app.database.query(
        'SELECT (SELECT count(*) FROM login_sessions) a, (SELECT count(*) FROM audit_events) b, (SELECT count(*) FROM users) c',
      );
    const before = await tables();
    const answer = await send(`${app.url}${START}`, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^rekey-upstream=[\w-]{200,}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const state = new URL(answer.headers.get('location')!).searchParams.get('state')!;
    expect(
      Buffer.from(answer.headers.getSetCookie()[0]!.split(/[=;]/)[1]!, 'base64url').toString('latin1'),
    ).not.toContain(state);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await tables()).toEqual(before);
  });

  it('the client’s prompt, max_age, login_hint and ui_locales are passed on', async () => {
    const url = await leave(
      new Visitor(app),
      requestOf({ prompt: 'consent login', max_age: '300', login_hint: 'anna@example.com', ui_locales: 'zh-Hant' }),
    );
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      prompt: 'login',
      max_age: '300',
      login_hint: 'anna@example.com',
      ui_locales: 'zh-Hant',
    });
    expect(url.searchParams.has('claims')).toBe(false);
  });

  it('an unreadable authorization request can still sign in: /authorize reports the error afterwards', async () => {
    const visit = await signInUpstream(new Visitor(app), 'client_id=nobody&prompt=login');
    expect({ status: visit.status, path: visit.url.pathname, left: visit.left }).toEqual({
      status: 400,
      path: '/authorize',
      left: false,
    });
  });

  it.each(['?authorization_request=a&authorization_request=b', '?%zz', '?authorization_request=%ff'])(
    'a query like %s is refused',
    async (query) => {
      const visit = await new Visitor(app).get(START + query);
      expect({ status: visit.status, left: visit.left }).toEqual({ status: 400, left: false });
    },
  );

  it('HEAD does not start a sign-in', async () => {
    for (const path of [START, CALLBACK]) {
      const answer = await send(`${app.url}${path}`, { method: 'HEAD', redirect: 'manual' });
      expect({ status: answer.status, cookies: answer.headers.getSetCookie() }).toEqual({ status: 405, cookies: [] });
    }
    expect(upstream.requests).toEqual([]);
  });
});

describe('the response of the provider', () => {
  it('the response signs the user in, as a new user linked to the account, and continues to the client', async () => {
    const authTime = Math.floor(app.clock.now() / 1000) - 3000;
    upstream.user = { ...upstream.user, auth_time: authTime, amr: ['mfa', 'otp', 7] as never };
    upstream.profile = {
      name: 'Anna Ng',
      email: 'anna@contoso.test',
      email_verified: true,
      picture: 'javascript:alert(1)',
    };
    const visitor = new Visitor(app);
    const visit = await signInUpstream(visitor, requestOf({ state: 'x' }));
    expect(isConsent(visit)).toBe(true);
    const subject = await linked();
    expect(await sessionsOf(subject!)).toMatchObject([
      { acr: 'urn:rekey:upstream', amr: ['mfa', 'otp'], auth_time: new Date(authTime * 1000) },
    ]);
    const claims = await app.nest.get(UsersService, { strict: false }).claimsOf(subject!);
    expect(claims).toMatchObject({ name: 'Anna Ng', email: 'anna@contoso.test', email_verified: true });
    expect(claims).not.toHaveProperty('picture');
    const done = await visitor.submit(visit, { decision: 'allow' });
    expect({ left: done.left, origin: done.url.origin }).toEqual({ left: true, origin: 'https://client.test' });
    expect(done.url.searchParams.get('state')).toBe('x');
  });

  it('[264] the response redirects with 303 and a new session, deletes the cookie, and is audited', async () => {
    const visitor = new Visitor(app);
    const answer = await callback(visitor, await answerTo(await leave(visitor)));
    expect({ status: answer.status, location: answer.headers.get('location') }).toEqual({
      status: 303,
      location: '/account',
    });
    expect(answer.headers.getSetCookie()).toEqual([
      'rekey-upstream=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
      expect.stringMatching(/^rekey-session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const subject = await linked();
    const [session] = await sessionsOf(subject!);
    expect((await auditOf(app, answer)).map(({ event, subject: of, sid }) => ({ event, of, sid }))).toEqual([
      { event: 'user.created', of: subject, sid: null },
      { event: 'user.linked', of: subject, sid: null },
      { event: 'user.signed_in', of: subject, sid: session!.id },
    ]);
  });

  it('the next sign-in finds the same user: in the same browser the same session, in another a new one', async () => {
    const visitor = new Visitor(app);
    await signInUpstream(visitor);
    const subject = await linked();
    const [first] = await sessionsOf(subject!);
    await signInUpstream(visitor);
    expect((await sessionsOf(subject!)).map(({ id }) => id)).toEqual([first!.id]);
    await signInUpstream(new Visitor(app));
    expect(await linked()).toBe(subject);
    expect(await sessionsOf(subject!)).toHaveLength(2);
  });

  it('another subject is another user, whatever else is the same', async () => {
    upstream.profile = { email: 'shared@contoso.test', email_verified: true, preferred_username: 'shared' };
    await signInUpstream(new Visitor(app));
    const first = await linked();
    upstream.user = { ...upstream.user, sub: `${upstream.user.sub} other` };
    await signInUpstream(new Visitor(app));
    expect(await linked()).not.toBe(first);
  });

  it('this service authenticates by Basic and proves with PKCE that it sent the request', async () => {
    await signInUpstream(new Visitor(app));
    const [request] = upstream.asked('/token');
    const { id, secret } = UPSTREAM_CLIENT;
    const encoded = [id, secret].map((text) => new URLSearchParams({ x: text }).toString().slice(2)).join(':');
    const [scheme, credentials] = request!.authorization!.split(' ');
    expect(scheme).toBe('Basic');
    expect(decodeURIComponent(Buffer.from(credentials!, 'base64').toString())).toBe(decodeURIComponent(encoded));
    expect(Object.fromEntries(request!.parameters)).toEqual({
      grant_type: 'authorization_code',
      code: expect.any(String),
      redirect_uri: `${app.issuer}${CALLBACK}`,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });
    const challenge = createHash('sha256').update(request!.parameters.get('code_verifier')!).digest('base64url');
    expect(upstream.asked('/authorize')[0]!.parameters.get('code_challenge')).toBe(challenge);
  });

  it.each<[string, JWTPayload]>([
    ['no auth_time', {}],
    ['an auth_time in the future', { auth_time: Math.floor(Date.now() / 1000) + 86_400 }],
  ])('a response with %s has an auth_time of now', async (_, claims) => {
    upstream.tamper = (honest) => ({ ...honest, ...claims });
    await signInUpstream(new Visitor(app));
    expect(await sessionsOf((await linked())!)).toMatchObject([{ auth_time: new Date(app.clock.now()) }]);
  });

  it.each<[string, () => void]>([
    ['does not answer', () => upstream.troubles.set('/userinfo', 'hang')],
    ['answers nonsense', () => upstream.troubles.set('/userinfo', 'html')],
    ['answers endlessly', () => upstream.troubles.set('/userinfo', 'flood')],
    ['answers in Latin-1', () => upstream.troubles.set('/userinfo', 'latin1')],
    [
      'answers with a thousand levels',
      () => (upstream.profile = { address: JSON.parse('['.repeat(1000) + ']'.repeat(1000)) }),
    ],
    ['redirects', () => upstream.troubles.set('/userinfo', 'redirect')],
    ['answers for another subject', () => (upstream.profile = { sub: 'somebody else', name: 'Mallory' })],
  ])('a sign-in does not need the userinfo endpoint: one that %s', async (_, trouble) => {
    trouble();
    upstream.user = { ...upstream.user, name: 'From the ID token' };
    await signInUpstream(new Visitor(app));
    const claims = await app.nest.get(UsersService, { strict: false }).claimsOf((await linked())!);
    expect(claims).toMatchObject({ name: 'From the ID token' });
  });

  it('a user who was disabled or deleted here gets an error page and no session', async () => {
    await signInUpstream(new Visitor(app));
    const subject = (await linked())!;
    await app.database.query('DELETE FROM login_sessions WHERE subject = $1', [subject]);
    for (const close of [
      () => setSubjectDisabled(app, subject, true),
      () => app.database.query('UPDATE users SET deleted_at = now() WHERE subject = $1', [subject]),
    ]) {
      await close();
      const visitor = new Visitor(app);
      const visit = await signInUpstream(visitor);
      expect({ status: visit.status, cookie: visitor.cookies.get('rekey-session') }).toEqual({
        status: 403,
        cookie: undefined,
      });
      expect(await sessionsOf(subject)).toEqual([]);
    }
  });
});

describe('an ID token', () => {
  const now = () => Math.floor(Date.now() / 1000);

  it.each<[string, (claims: JWTPayload) => JWTPayload]>([
    ['with another nonce', (claims) => ({ ...claims, nonce: 'another' })],
    ['without a nonce', ({ nonce: _, ...claims }) => claims],
    ['of another issuer', (claims) => ({ ...claims, iss: 'https://evil.test' })],
    ['of the issuer with a slash', (claims) => ({ ...claims, iss: `${String(claims.iss)}/` })],
    ['without an issuer', ({ iss: _, ...claims }) => claims],
    ['for another client', (claims) => ({ ...claims, aud: 'evil' })],
    ['without an audience', ({ aud: _, ...claims }) => claims],
    ['for two clients, without saying for which', (claims) => ({ ...claims, aud: [UPSTREAM_CLIENT.id, 'evil'] })],
    [
      'for two clients, issued to the other',
      (claims) => ({ ...claims, aud: [UPSTREAM_CLIENT.id, 'evil'], azp: 'evil' }),
    ],
    ['that has expired', (claims) => ({ ...claims, iat: now() - 7200, exp: now() - 3600 })],
    ['that never expires', ({ exp: _, ...claims }) => claims],
    ['that is not valid yet', (claims) => ({ ...claims, nbf: now() + 3600 })],
    ['without a subject', ({ sub: _, ...claims }) => claims],
    ['with a number as the subject', (claims) => ({ ...claims, sub: 7 as never })],
    ['with an auth_time that is not a number', (claims) => ({ ...claims, auth_time: 'now' })],
  ])('an ID token %s is refused', async (_, tamper) => {
    upstream.tamper = tamper;
    const visitor = new Visitor(app);
    await expectFailure(visitor, await signInUpstream(visitor, requestOf()), 400);
  });

  it.each(['none', 'stranger', 'key in its header', 'secret'] as const)(
    'an ID token signed by %s is refused',
    async (signature) => {
      upstream.signature = signature;
      const visitor = new Visitor(app);
      await expectFailure(visitor, await signInUpstream(visitor, requestOf()), 400);
    },
  );

  it.each([0xfc, 0xfd])('an ID token that is not UTF-8 is refused: the subject m%i', async (byte) => {
    // Decoded with replacements, both users would be the same.
    upstream.user = { sub: 'm@' };
    upstream.encode = (claims) =>
      Buffer.from(JSON.stringify(claims).replace('m@', `m${String.fromCharCode(byte)}`), 'latin1');
    const visitor = new Visitor(app);
    const visit = await signInUpstream(visitor, requestOf());
    upstream.user = { sub: 'm\ufffd' };
    await expectFailure(visitor, visit, 503);
  });

  it.each<[string, (answer: Record<string, unknown>) => object, number]>([
    ['without an ID token', ({ id_token: _, ...answer }) => answer, 400],
    ['without an access token', ({ access_token: _, ...answer }) => answer, 400],
    ['with an ID token that is an object', (answer) => ({ ...answer, id_token: {} }), 400],
    ['with an ID token of five parts', (answer) => ({ ...answer, id_token: `${String(answer['id_token'])}.a.b` }), 400],
    ['with a token of another type', (answer) => ({ ...answer, token_type: 'mac' }), 400],
    ['that is a list', (answer) => [answer], 400],
  ])('a token response %s is refused', async (_, answerWith, status) => {
    upstream.answerWith = answerWith;
    const visitor = new Visitor(app);
    await expectFailure(visitor, await signInUpstream(visitor, requestOf()), status);
  });

  it.each(['', 'x'.repeat(256), 'two\nlines', 'client:x\u202e'])(
    'an ID token with an invalid subject is refused: %j',
    async (sub) => {
      upstream.user = { sub };
      const visitor = new Visitor(app);
      const visit = await signInUpstream(visitor);
      expect({ status: visit.status, cookie: visitor.cookies.get('rekey-session') }).toEqual({
        status: 403,
        cookie: undefined,
      });
      expect(await linked()).toBeUndefined();
    },
  );
});

describe('a sign-in that must be fresh', () => {
  /** @param minutes undefined: no auth_time */
  const askedBefore = (minutes?: number): JWTPayload =>
    minutes === undefined ? {} : { auth_time: Math.floor(app.clock.now() / 1000) - minutes * 60 };

  it.each<[string, Record<string, string>, number | undefined, number]>([
    ['prompt=login, asked an hour ago', { prompt: 'login' }, 60, 403],
    ['max_age, asked longer ago', { max_age: '300' }, 60, 403],
    ['max_age, without auth_time', { max_age: '300' }, undefined, 403],
  ])(
    'a sign-in that must be fresh is refused if the provider did not ask: %s',
    async (_, overrides, minutes, status) => {
      upstream.user = { ...upstream.user, ...askedBefore(minutes) };
      const visitor = new Visitor(app);
      await expectFailure(visitor, await signInUpstream(visitor, requestOf(overrides)), status);
    },
  );

  it('a sign-in that must be fresh succeeds if the provider asked', async () => {
    upstream.user = { ...upstream.user, ...askedBefore(0) };
    const visitor = new Visitor(app);
    expect(isConsent(await signInUpstream(visitor, requestOf({ prompt: 'login', max_age: '300' })))).toBe(true);
  });

  it('a sign-in may be older than max_age by as much as clocks may differ', async () => {
    upstream.user = { ...upstream.user, ...askedBefore(6) };
    expect(isConsent(await signInUpstream(new Visitor(app), requestOf({ max_age: '300' })))).toBe(true);
  });
});

describe('a response link', () => {
  it('a response link of another browser signs nobody in, and does not end the sign-in under way', async () => {
    const [anna, mallory] = [new Visitor(app), new Visitor(app)];
    const [annas, mallorys] = [await leave(anna), await leave(mallory)];
    const planted = await answerTo(mallorys);
    await expectFailure(anna, await arrive(anna, planted), 400);
    await expectFailure(new Visitor(app), await arrive(new Visitor(app), planted), 400);
    expect(upstream.asked('/token')).toEqual([]);
    expect((await callback(anna, await answerTo(annas))).status).toBe(303);
  });

  it('a code that was swapped for another one signs nobody in, even at a provider that ignores PKCE', async () => {
    upstream.ignoresPkce = true;
    const [anna, mallory] = [new Visitor(app), new Visitor(app)];
    const back = await answerTo(await leave(anna, requestOf()));
    const planted = await answerTo(await leave(mallory));
    back.searchParams.set('code', planted.searchParams.get('code')!);
    await expectFailure(anna, await arrive(anna, back), 400);
  });

  it('of two sign-ins under way in a browser only the later one can be completed', async () => {
    const visitor = new Visitor(app);
    const [first, second] = [await leave(visitor), await leave(visitor)];
    await expectFailure(visitor, await arrive(visitor, await answerTo(first)), 400);
    expect(upstream.asked('/token')).toEqual([]);
    expect((await callback(visitor, await answerTo(second))).status).toBe(303);
  });

  it('a response link works once: replays sign nobody in, with or without the cookie', async () => {
    const visitor = new Visitor(app);
    const there = await leave(visitor);
    const copy = new Visitor(app);
    for (const [name, value] of visitor.cookies) copy.cookies.set(name, value);
    const back = await answerTo(there);
    expect((await callback(visitor, back)).status).toBe(303);
    for (const [name, value] of visitor.cookies) if (name === 'rekey-upstream') copy.cookies.set(name, value);
    const replayed = await callback(copy, back);
    expect(replayed.status).toBe(400);
    expect(replayed.headers.getSetCookie()).toEqual(['rekey-upstream=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
    expect((await callback(new Visitor(app), back)).status).toBe(400);
    expect(await sessionsOf((await linked())!)).toHaveLength(1);
  });

  it('a response link opened twice at once signs in once', async () => {
    const visitor = new Visitor(app);
    const back = await answerTo(await leave(visitor));
    const answers = await Promise.all([callback(visitor, back), callback(visitor, back)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
  });

  it('a response link expires after ten minutes', async () => {
    const visitor = new Visitor(app);
    const back = await answerTo(await leave(visitor));
    app.clock.advance(10 * 60_000);
    await expectFailure(visitor, await arrive(visitor, back), 400);
    expect(upstream.asked('/token')).toEqual([]);
  });

  it('a response link with a cookie of another deployment is refused', async () => {
    const visitor = new Visitor(elsewhere);
    const { url } = await visitor.get(START);
    const here = new Visitor(app);
    for (const [name, value] of visitor.cookies) here.cookies.set(name, value);
    await expectFailure(here, await arrive(here, await answerTo(url)), 400);
  });

  const back = async (change: (query: URLSearchParams) => void): Promise<[Visitor, Visit]> => {
    const visitor = new Visitor(app);
    const url = await answerTo(await leave(visitor, requestOf()));
    change(url.searchParams);
    return [visitor, await arrive(visitor, url)];
  };

  it.each<[string, (query: URLSearchParams) => void]>([
    ['without a state', (query) => query.delete('state')],
    ['with another state', (query) => query.set('state', 'A'.repeat(43))],
    ['with a state and something after it', (query) => query.set('state', `${query.get('state')}x`)],
    ['without a code', (query) => query.delete('code')],
    ['with a made-up code', (query) => query.set('code', 'x')],
    ['with a code of 64 characters of HTML', (query) => query.set('code', '<script>alert(1)</script>'.repeat(3))],
    ['with another issuer (RFC 9207)', (query) => query.set('iss', 'https://evil.test')],
    ['without the announced issuer', (query) => query.delete('iss')],
    ['with an ID token in it', (query) => query.set('id_token', 'x')],
    ['with a response in it', (query) => query.set('response', 'x')],
    ['with an unknown error code', (query) => query.set('error', '<script>evil</script>')],
  ])('a response link %s is refused', async (_, change) => {
    const [visitor, visit] = await back(change);
    await expectFailure(visitor, visit, 400);
  });

  it.each([
    ['access_denied', 403],
    ['login_required', 400],
    ['invalid_scope', 400],
    ['server_error', 503],
    ['temporarily_unavailable', 503],
  ])('a response with the error %s is a page in our words (%d)', async (error, status) => {
    const [visitor, visit] = await back((query) => {
      query.delete('code');
      query.set('error', error);
      query.set('error_description', 'Our <b>database</b> is on fire: see https://evil.test');
    });
    await expectFailure(visitor, visit, status);
    expect(upstream.asked('/token')).toEqual([]);
  });

  it.each(['?state=a&state=b', '?%zz', '?code=%ff', ''])(
    'a response with a query like "%s" is an error page',
    async (query) => {
      const visitor = new Visitor(app);
      const visit = await visitor.get(CALLBACK + query);
      expect({ status: visit.status, left: visit.left }).toEqual({ status: 400, left: false });
    },
  );

  it('the error page leads back to the authorization request or the sign-in form', async () => {
    const [visitor, visit] = await back((query) => query.set('error', 'access_denied'));
    const [, href] = /href="(\/authorize[^"]*)"/.exec(visit.html)!;
    const again = await visitor.get(href!.replaceAll('&amp;', '&'));
    expect(isSignIn(again)).toBe(true);
    expect(again.forms[0]!.fields['authorization_request']).toContain(client.clientId);
    const lost = new Visitor(app);
    expect((await lost.get(CALLBACK)).html).toContain('href="/sign-in"');
  });
});

describe('a failing provider', () => {
  it.each<[string, Trouble, number]>([
    ['hangs up', 'hang up', 503],
    ['does not answer', 'hang', 503],
    ['answers 500', 500, 503],
    ['answers 401', 401, 503],
    ['answers HTML', 'html', 503],
    ['answers endlessly', 'flood', 503],
    ['answers byte by byte', 'drip', 503],
    ['answers in Latin-1', 'latin1', 503],
    ['redirects', 'redirect', 503],
  ])(
    'trouble at the token endpoint (%s) is a page within two seconds, without further requests',
    async (_, trouble, status) => {
      upstream.troubles.set('/token', trouble);
      const visitor = new Visitor(app);
      const url = await answerTo(await leave(visitor, requestOf()));
      const { answer: visit, ms } = await timed(() => arrive(visitor, url));
      expect(ms).toBeLessThan(2000);
      await expectFailure(visitor, visit, status);
      expect(upstream.asked('/elsewhere')).toEqual([]);
      upstream.troubles.clear();
      expect(isConsent(await signInUpstream(visitor, requestOf()))).toBe(true);
    },
  );

  it('provider trouble is logged with its cause and without secrets', async () => {
    upstream.troubles.set('/token', 500);
    const visitor = new Visitor(app);
    const there = await leave(visitor);
    const back = await answerTo(there);
    const from = app.logs.length;
    await arrive(visitor, back);
    const lines = app.logs.slice(from);
    const said = lines.filter((line) => line.includes('upstream sign-in failed')).map((line) => JSON.parse(line));
    expect(said).toMatchObject([{ reason: 'upstream_away', code: 'OAUTH_RESPONSE_IS_NOT_CONFORM' }]);
    const secrets = [
      there.searchParams.get('state'),
      there.searchParams.get('nonce'),
      back.searchParams.get('code'),
      UPSTREAM_CLIENT.secret,
    ];
    for (const secret of secrets) expect(lines.filter((line) => line.includes(secret!))).toEqual([]);
    expect(lines.join('')).not.toContain('on fire');
  });
});

it('no log line contains a state, nonce, code, verifier or token of the provider', () => {
  const { id, secret } = UPSTREAM_CLIENT;
  const text = app.logs.join('\n');
  for (const canary of [
    secret,
    encodeURIComponent(secret),
    Buffer.from(`${id}:${secret}`).toString('base64'),
    'code_verifier=',
    'state=',
    'nonce=',
  ]) {
    expect(text).not.toContain(canary);
  }
});

describe('without an upstream provider', () => {
  it('without an upstream provider there is no button and no route', async () => {
    const plain = await startApp();
    try {
      const visitor = new Visitor(plain);
      expect((await visitor.get('/sign-in')).html).not.toContain('/sign-in/upstream');
      for (const path of [START, CALLBACK]) expect((await visitor.get(path)).status).toBe(404);
    } finally {
      await plain.close();
    }
  });
});
