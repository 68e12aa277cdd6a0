/** The demo client: its pages, and the token handling that every application needs. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SignJWT, generateKeyPair } from 'jose';
import { SubjectsService } from '../../src/users/subjects.service.js';
import { DemoSite, DemoVisitor } from '../support/demo-site.js';
import { eventually } from '../support/eventually.js';
import { serverErrors } from '../support/expectations.js';
import { signAsServer, forgeryOf } from '../support/evil-tokens.js';
import { exchangeBytes } from '../support/raw-http.js';
import { postForm, send } from '../support/requests.js';
import { aUser, isConsent, isSignIn, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import type { Visit } from '../support/visitor.js';

let app: TestApp;
let site: DemoSite;
let user: TestUser;
let browser: DemoVisitor;

beforeAll(async () => {
  // The libraries use the system clock.
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()) });
  site = await DemoSite.start(app);
});
afterAll(async () => {
  await site.close();
  expect(serverErrors(app)).toEqual([]);
  await app.close();
});
beforeEach(async () => {
  user = await aUser(app, { name: 'Alice <b>&"Liddell"', email: 'alice@example.com' });
  browser = new DemoVisitor(site);
});
afterEach(() => {
  site.aheadMs = 0;
  jest.restoreAllMocks();
});

/** Signs in from the button to the demo client's signed-in page. */
async function signIn(visitor = browser): Promise<Visit> {
  let visit = await visitor.get('/sign-in');
  if (isSignIn(visit)) visit = await visitor.submit(visit, { username: user.username, password: user.password });
  if (isConsent(visit)) visit = await visitor.submit(visit, { decision: 'allow' });
  expect(visit.status).toBe(200);
  expect(visit.url.href).toBe(`${site.url}/`);
  return visit;
}

const isSignedIn = ({ html }: Visit): boolean => html.includes('Signed in as Alice');

interface Exchange {
  readonly request: URLSearchParams;
  readonly response: Record<string, string>;
}

/** Intercepts the demo client's token requests. @param meanwhile runs before the response arrives; if it throws, there is none */
function watchTokens(meanwhile: () => Promise<void> = async () => undefined): Exchange[] {
  const exchanges: Exchange[] = [];
  const passOn = globalThis.fetch;
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const response = await passOn(input, init);
    if (input instanceof Request || String(input) !== `${app.url}/token`) return response;
    exchanges.push({
      request: new URLSearchParams(String(init?.body as URLSearchParams)),
      response: (await response.clone().json()) as Record<string, string>,
    });
    await meanwhile();
    return response;
  });
  return exchanges;
}

/** The families of the user, with how often each was refreshed. */
const families = () =>
  app.database.query<{ refreshes: number; revoked: boolean }[]>(
    // Generation 0 was the authorization code.
    'SELECT generation - 1 AS refreshes, revoked_at IS NOT NULL AS revoked FROM token_families WHERE subject = $1 ORDER BY created_at',
    [user.subject],
  );

describe('the demo client', () => {
  it('the demo client signs a user in, and shows who it is, the ID token, and the lifetime of the access token', async () => {
    const { html } = await signIn();
    expect(html).toContain('Signed in as Alice &lt;b&gt;&amp;&quot;Liddell&quot;');
    expect(html).not.toContain('<b>');
    expect(html).toContain(user.subject);
    for (const claim of ['iss', 'aud', 'auth_time', 'nonce', 'at_hash', 'sid'])
      expect(html).toContain(`>${claim}</th>`);
    expect(html).toMatch(/in (59\d|600) s/);
    expect(html).toContain('present');
  });

  it('the demo client shows no complete token', async () => {
    const exchanges = watchTokens();
    const { html } = await signIn();
    const { access_token, refresh_token, id_token } = exchanges[0]!.response;
    for (const token of [access_token, refresh_token, id_token]) expect(html).not.toContain(token);
  });

  it('the demo client refreshes on a button, and keeps the new tokens', async () => {
    const exchanges = watchTokens();
    await signIn();
    for (let time = 0; time < 2; time++) expect(isSignedIn(await browser.post('/refresh'))).toBe(true);
    const [code, first, second] = exchanges;
    expect(exchanges).toHaveLength(3);
    expect(first!.request.get('refresh_token')).toBe(code!.response['refresh_token']);
    expect(second!.request.get('refresh_token')).toBe(first!.response['refresh_token']);
  });

  it('the demo client calls a resource server, which says who is calling', async () => {
    await signIn();
    const { html } = await browser.get('/hello');
    expect(html).toContain(user.subject);
    expect(html).toContain(site.client.clientId);
    expect((await browser.get('/userinfo')).html).toContain('alice@example.com');
  });

  it('the demo client signs out locally and at the issuer, and revokes the refresh token', async () => {
    await signIn();
    const visit = await browser.post('/sign-out');
    expect(visit.url.href).toBe(`${site.url}/`);
    expect(visit.html).toContain('Nobody is signed in');
    expect(await families()).toEqual([{ refreshes: 0, revoked: true }]);
    expect(isSignIn(await browser.get('/sign-in'))).toBe(true);
  });

  it('the demo client needs no script, cannot be framed, and sends forms only to itself and the issuer', async () => {
    const { headers } = await signIn();
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`form-action 'self' ${app.issuer}`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });
});

describe('keeping a user signed in', () => {
  it('two tabs that refresh at once share one refresh', async () => {
    await signIn();
    const before = site.requests.length;
    const haveAllAsked = () =>
      eventually(() => expect(site.requests.slice(before).filter((one) => one === 'POST /refresh')).toHaveLength(5));
    const exchanges = watchTokens(haveAllAsked);
    const visits = await Promise.all(Array.from({ length: 5 }, () => browser.post('/refresh')));
    expect(visits.every(isSignedIn)).toBe(true);
    expect(exchanges).toHaveLength(1);
    expect(await families()).toEqual([{ refreshes: 1, revoked: false }]);
  });

  it('an access token that is about to expire is refreshed before it is used', async () => {
    await signIn();
    const exchanges = watchTokens();
    site.aheadMs = 595_000;
    expect((await browser.get('/hello')).html).toContain(user.subject);
    expect(exchanges.map(({ request }) => request.get('grant_type'))).toEqual(['refresh_token']);
  });

  it('a refused access token is refreshed, and the call repeated', async () => {
    const exchanges = watchTokens();
    await signIn();
    const { access_token: token } = exchanges[0]!.response;
    const secret = { client_id: site.client.clientId, client_secret: site.client.secret! };
    const authorization = `Basic ${Buffer.from(`${secret.client_id}:${secret.client_secret}`).toString('base64')}`;
    expect((await postForm(`${app.url}/revoke`, { token: token! }, { authorization })).status).toBe(200);
    expect((await browser.get('/userinfo')).html).toContain('alice@example.com');
    expect(exchanges.at(-1)!.request.get('grant_type')).toBe('refresh_token');
  });

  it('[127] a lost response is requested again with the same token, and the user stays signed in', async () => {
    await signIn();
    const lost = watchTokens(() => Promise.reject(new TypeError('fetch failed')));
    const failed = await browser.post('/refresh');
    expect(failed.status).toBe(502);
    expect(failed.html).toContain('You are as signed in as before');
    jest.restoreAllMocks();
    const again = watchTokens();
    expect(isSignedIn(await browser.post('/refresh'))).toBe(true);
    expect(again[0]!.request.get('refresh_token')).toBe(lost[0]!.request.get('refresh_token'));
    expect(again[0]!.response['refresh_token']).toBe(lost[0]!.response['refresh_token']);
    expect(await families()).toEqual([{ refreshes: 1, revoked: false }]);
  });

  it('a session that the issuer has ended starts again with a sign-in', async () => {
    await signIn();
    const subjects = app.nest.get(SubjectsService, { strict: false });
    await subjects.setDisabled(user.subject, true, { actor: 'test', correlationId: 'test' });
    expect(isSignIn(await browser.post('/refresh'))).toBe(true);
    expect((await browser.get('/')).html).toContain('Nobody is signed in');
    await subjects.setDisabled(user.subject, false, { actor: 'test', correlationId: 'test' });
    await signIn();
  });
});

describe('an error response of the issuer', () => {
  it.each([
    ['access_denied', 'You did not allow it'],
    ['login_required', 'it was asked not to show you a sign-in page'],
  ])('an error of the issuer is shown in plain words: %s', async (error, words) => {
    const visit = error === 'access_denied' ? await deny() : await browser.get('/sign-in?prompt=none');
    expect(visit.status).toBe(400);
    expect(visit.html).toContain(words);
    expect(visit.html).toContain(error);
    expect((await browser.get('/')).html).toContain('Nobody is signed in');
  });

  async function deny(): Promise<Visit> {
    const visit = await browser.get('/sign-in');
    const { username, password } = user;
    return browser.submit(await browser.submit(visit, { username, password }), { decision: 'deny' });
  }
});

describe('requests from elsewhere', () => {
  it('a callback that this browser did not start signs nobody in, and its code is not redeemed', async () => {
    const begun = await browser.atDemo.get('/sign-in');
    let visit = await browser.atService.get(begun.url.href);
    visit = await browser.atService.submit(visit, { username: user.username, password: user.password });
    visit = await browser.atService.submit(visit, { decision: 'allow' });
    const exchanges = watchTokens();
    const victim = new DemoVisitor(site);
    await victim.atDemo.get('/sign-in');
    const forced = await victim.get(visit.url.href);
    expect(forced.status).toBe(400);
    expect(isSignedIn(await victim.get('/'))).toBe(false);
    expect(exchanges).toEqual([]);
    expect(isSignedIn(await browser.get(visit.url.href))).toBe(true);
  });

  it('a callback works once', async () => {
    const begun = await browser.atDemo.get('/sign-in');
    let visit = await browser.atService.get(begun.url.href);
    visit = await browser.atService.submit(visit, { username: user.username, password: user.password });
    visit = await browser.atService.submit(visit, { decision: 'allow' });
    expect(isSignedIn(await browser.get(visit.url.href))).toBe(true);
    expect((await browser.get(visit.url.href)).status).toBe(400);
    expect(isSignedIn(await browser.get('/'))).toBe(true);
  });

  it.each(['/refresh', '/sign-out'])('a form from another page is refused: %s', async (path) => {
    await signIn();
    const exchanges = watchTokens();
    for (const origin of [app.url, 'null', 'https://evil.example']) {
      expect((await browser.post(path, origin)).status).toBe(403);
    }
    expect(isSignedIn(await browser.get('/'))).toBe(true);
    expect(exchanges).toEqual([]);
  });

  it('an unknown path and a wrong method are an error page', async () => {
    for (const path of ['/nowhere', '/refresh', '/__proto__']) expect((await browser.get(path)).status).toBe(404);
  });

  it('another host name of this machine redirects to the address that cookies are for', async () => {
    const { headers } = await send(site.url.replace('127.0.0.1', 'localhost'), { redirect: 'manual' });
    expect(headers.get('location')).toBe(`${site.url}/`);
  });

  it.each(['//evil.example/x?y', '/\\evil.example/x?y', 'http://evil.example/x?y', '//user@evil.example:80/x?y'])(
    'a request target with another host does not redirect there: %s',
    async (target) => {
      const ask = (host: string) =>
        exchangeBytes(site.url, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const { status, headers } = await ask(new URL(site.url).host);
      expect([status, headers.get('location')]).toEqual([404, null]);
      for (const host of ['localhost', 'evil.example']) {
        expect((await ask(host)).headers.get('location')).toBe(`${site.url}/x?y`);
      }
    },
  );
});

describe('back-channel logout', () => {
  it('a user who signs out at the issuer is signed out here, in that session only', async () => {
    const elsewhere = new DemoVisitor(site);
    await signIn();
    await signIn(elsewhere);
    const asked = await browser.atService.get('/end-session');
    await browser.atService.submit(asked);
    await eventually(async () => expect(isSignedIn(await browser.get('/'))).toBe(false));
    expect(isSignedIn(await elsewhere.get('/'))).toBe(true);
    expect(await families()).toEqual([
      { refreshes: 0, revoked: true },
      { refreshes: 0, revoked: false },
    ]);
  });

  it('a token that is not a logout token of the issuer ends nothing', async () => {
    const exchanges = watchTokens();
    await signIn();
    const { access_token, id_token } = exchanges[0]!.response;
    const { privateKey } = await generateKeyPair('RS256');
    const claims = {
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sub: user.subject,
      jti: 'x',
    };
    const foreign = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt' }).setIssuedAt();
    const forged = await foreign
      .setIssuer(app.issuer)
      .setAudience(site.client.clientId)
      .setExpirationTime('1m')
      .sign(privateKey);
    for (const token of ['', 'x', id_token!, access_token!, forged]) {
      const answer = await postForm(`${site.url}/backchannel-logout`, { logout_token: token });
      expect(answer.status).toBe(400);
    }
    expect((await postForm(`${site.url}/backchannel-logout`, 'x'.repeat(20_000))).status).toBe(400);
    expect(isSignedIn(await browser.get('/'))).toBe(true);
  });
});

describe('the resource server of the demo client', () => {
  const ask = (token?: string) =>
    send(`${site.url}/api/hello`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

  it('[204] the demo resource server accepts access tokens for itself, and says why it refuses others', async () => {
    const exchanges = watchTokens();
    await signIn();
    const { access_token: token, id_token } = exchanges[0]!.response;
    expect((await ask(token)).body).toMatchObject({ hello: user.subject, client_id: site.client.clientId });

    const none = await ask();
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const forgery = forgeryOf(app, token!);
    const bad = [
      'x',
      id_token!,
      await signAsServer(forgery, { aud: app.issuer }, {}),
      await signAsServer(forgery, { iss: 'https://elsewhere.example' }, {}),
      await signAsServer(forgery, { exp: 1 }, {}),
    ];
    for (const one of bad) {
      const { status, headers } = await ask(one);
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
    }
    const narrow = await ask(await signAsServer(forgery, { scope: 'openid reader' }, {}));
    expect([narrow.status, narrow.headers.get('www-authenticate')]).toEqual([403, 'Bearer error="insufficient_scope"']);
    expect((await ask(await signAsServer(forgery, {}, {}))).status).toBe(200);
  });
});
