/** The authorization endpoint: prompts, responses to the client, and error pages. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { english } from '../../src/pages/english.js';
import { changeClient, type TestClient } from '../support/clients.js';
import {
  agree,
  authorize,
  Authorization,
  aUser,
  browserClient,
  isConsent,
  isSignIn,
  REDIRECT_URI,
  signIn,
  signInAndExchange,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { send } from '../support/requests.js';
import { serverErrors } from '../support/expectations.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor, type Visit } from '../support/visitor.js';

let app: TestApp;
let client: TestClient;
let user: TestUser;

beforeAll(async () => {
  app = await startApp();
  client = await webClient(app);
  user = await aUser(app);
});
afterAll(() => app.close());

/** A visitor who is signed in and has given the client consent. */
async function regular(of = client, who = user): Promise<Visitor> {
  const visitor = new Visitor(app);
  await authorize(app, who, new Authorization(of), visitor);
  return visitor;
}

const answerOf = (visit: Visit): Record<string, string> => {
  if (!visit.left) throw new Error(`The user was shown a page (${visit.status}): ${visit.html.slice(0, 2000)}`);
  return Object.fromEntries(visit.url.searchParams);
};

const families = async (): Promise<number> => {
  const [row] = await app.database.query<[{ count: number }]>('SELECT count(*)::int AS count FROM token_families');
  return row.count;
};

describe('an authorization request', () => {
  it('an authorization request leads through sign-in and consent to the client, with a code, the state and the issuer', async () => {
    const visitor = new Visitor(app);
    const first = await visitor.get(new Authorization(client).path);
    expect(isSignIn(first)).toBe(true);
    const second = await signIn(visitor, first, user);
    expect(isConsent(second)).toBe(true);
    const third = await agree(visitor, second);
    expect(third.url.href).toMatch(new RegExp(`^${REDIRECT_URI}\\?code=`));
    expect(answerOf(third)).toMatchObject({ state: 'the-state', iss: app.issuer });
  });

  it('a signed-in user with earlier consent is not asked again', async () => {
    const visit = await (await regular()).get(new Authorization(client).path);
    expect(answerOf(visit)).toHaveProperty('code');
  });

  it('a request beyond the earlier consent shows what is new and asks again', async () => {
    const visitor = await regular();
    const visit = await visitor.get(new Authorization(client, { scope: 'openid read write' }).path);
    expect(isConsent(visit)).toBe(true);
    expect(visit.html).toContain('write');
  });

  it('an authorization request by POST has the same outcome', async () => {
    const visitor = await regular();
    const visit = await visitor.post('/authorize', new Authorization(client).parameters);
    expect(answerOf(visit)).toHaveProperty('code');
  });

  it('HEAD is answered like GET without a login session, and issues no code', async () => {
    const visitor = await regular();
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const before = await families();
    const answer = await send(app.url + new Authorization(client).path, { method: 'HEAD', headers: { cookie } });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.has('location')).toBe(false);
    expect(await families()).toBe(before);
    expect((await send(`${app.url}/authorize?client_id=nobody`, { method: 'HEAD' })).status).toBe(400);
  });

  it('the response is a form if the client asks for form_post', async () => {
    const visitor = await regular();
    const visit = await visitor.get(new Authorization(client, { response_mode: 'form_post', state: '"><x>' }).path);
    expect(visit.status).toBe(200);
    expect(visit.forms[0]).toMatchObject({
      action: REDIRECT_URI,
      method: 'post',
      fields: { state: '"><x>', iss: app.issuer, code: expect.stringMatching(/^ac_/) },
    });
    expect(visit.html).not.toContain('"><x>');
    expect(visit.headers.get('content-security-policy')).not.toContain('form-action');
  });

  it('[264] the response redirects with 303, never with a status that repeats a form', async () => {
    const visitor = await regular();
    const visit = await visitor.get(new Authorization(client).path);
    expect(visit.status).toBe(303);
    const posted = await visitor.post('/authorize', new Authorization(client).parameters);
    expect(posted.status).toBe(303);
  });

  it('[268] the response may not be read across origins', async () => {
    const answer = await send(app.url + new Authorization(client).path, { headers: { origin: 'https://evil.test' } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('nothing is stored for a user who has not signed in', async () => {
    const tables = ['token_families', 'login_sessions', 'consents'];
    const counts = async (...more: string[]) =>
      Promise.all([...tables, ...more].map((table) => app.database.query(`SELECT count(*)::int FROM ${table}`)));
    const before = await counts('audit_events');
    for (let index = 0; index < 5; index++) await new Visitor(app).get(new Authorization(client).path);
    expect(await counts('audit_events')).toEqual(before);
    for (let index = 0; index < 5; index++) {
      await new Visitor(app).get(new Authorization(client, { scope: 'x"' }).path);
      await new Visitor(app).get(new Authorization(client, { redirect_uri: 'https://evil.test' }).path);
    }
    expect(await counts()).toEqual(before.slice(0, tables.length));
  });
});

describe('a refusal', () => {
  it('the user’s refusal is reported to the client', async () => {
    const visitor = new Visitor(app);
    const visit = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    const asked = await signIn(visitor, visit, user);
    expect(answerOf(await visitor.submit(asked, { decision: 'deny' }))).toMatchObject({
      error: 'access_denied',
      state: 'the-state',
      iss: app.issuer,
    });
  });

  it.each<[string, Record<string, string | null>, string]>([
    ['without a challenge', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
    ['[262] with the challenge method plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for an unknown response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['for no scope of the client', { scope: 'admin' }, 'invalid_scope'],
    ['without a scope', { scope: null }, 'invalid_scope'],
    ['with a request object', { request: 'x' }, 'request_not_supported'],
    ['with a request_uri', { request_uri: 'https://x.test' }, 'request_uri_not_supported'],
    ['for a resource that the client does not have', { resource: 'https://x.test' }, 'invalid_target'],
    ['with prompt=none and nobody signed in', { prompt: 'none' }, 'login_required'],
    ['with a hint that is not an ID token', { id_token_hint: 'x' }, 'invalid_request'],
  ])('[265] a request %s is reported to the client, with the issuer', async (_title, overrides, error) => {
    const answer = answerOf(await new Visitor(app).get(new Authorization(client, overrides).path));
    expect(answer).toMatchObject({ error, state: 'the-state', iss: app.issuer });
    expect(answer['error_description']).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
  });

  it('a repeated parameter is reported to the client, unless it decides the redirect', async () => {
    const { path } = new Authorization(client);
    expect(answerOf(await new Visitor(app).get(`${path}&scope=read`))).toMatchObject({ error: 'invalid_request' });
    const visit = await new Visitor(app).get(`${path}&redirect_uri=https%3A%2F%2Fevil.test`);
    expect({ left: visit.left, status: visit.status }).toEqual({ left: false, status: 400 });
  });

  it('a repeated parameter in a form is reported to the client as well', async () => {
    const post = (...more: [string, string][]) =>
      new Visitor(app).post('/authorize', [...Object.entries(new Authorization(client).parameters), ...more]);
    expect(answerOf(await post(['scope', 'read']))).toMatchObject({ error: 'invalid_request', state: 'the-state' });
    const visit = await post(['redirect_uri', 'https://evil.test']);
    expect({ left: visit.left, status: visit.status }).toEqual({ left: false, status: 400 });
  });

  it('a client without the grant authorization_code gets an error', async () => {
    const other = await webClient(app, { grantTypes: ['authorization_code'] });
    await changeClient(app, other, { grantTypes: ['client_credentials'] });
    expect(answerOf(await new Visitor(app).get(new Authorization(other).path))).toMatchObject({
      error: 'unauthorized_client',
    });
  });

  it('an error in the response mode form_post is a form too', async () => {
    const visit = await new Visitor(app).get(
      new Authorization(client, { response_mode: 'form_post', prompt: 'none' }).path,
    );
    expect(visit.forms[0]?.fields).toMatchObject({ error: 'login_required', state: 'the-state' });
  });
});

it.each(['fragment', 'jwt'])(
  'the response mode "%s" is refused at the redirect URI, with the modes that there are',
  async (response_mode) => {
    const visit = await new Visitor(app).get(new Authorization(client, { response_mode }).path);
    expect(answerOf(visit)).toMatchObject({
      error: 'invalid_request',
      error_description: 'The response mode is not supported. Supported: query and form_post.',
    });
  },
);

describe('a request without a valid redirect target', () => {
  it.each<[string, Record<string, string | null>]>([
    ['without a client', { client_id: null }],
    ['of an unknown client', { client_id: 'nobody' }],
    ['with a redirect URI of another site', { redirect_uri: 'https://evil.test/' }],
    ['with a longer redirect URI', { redirect_uri: `${REDIRECT_URI}/../evil` }],
    ['with a redirect URI and a fragment', { redirect_uri: `${REDIRECT_URI}#x` }],
    ['with HTML for everything', { client_id: '<script>', redirect_uri: '<img src=x>', state: '"><b>' }],
    ['with line ends', { redirect_uri: `${REDIRECT_URI}\r\nx: y` }],
    ['that is too long', { state: 'x'.repeat(9000) }],
  ])('%s ends in an error page without a redirect', async (_title, overrides) => {
    const visit = await new Visitor(app).get(new Authorization(client, overrides).path);
    expect({ left: visit.left, status: visit.status }).toEqual({ left: false, status: 400 });
    expect(visit.headers.get('content-type')).toMatch(/^text\/html/);
    expect(visit.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(visit.html).not.toMatch(/<script|<img src=x|"><b>|="[^"]*evil\.test/);
  });

  it.each([
    ['a thousand parameters', `/authorize?${'a=1&'.repeat(1000)}`],
    ['broken percent-encoding', '/authorize?client_id=%zz'],
    ['bytes that are not UTF-8', '/authorize?client_id=%ff'],
  ])('a redirect URI of %s ends in an error page without a redirect', async (_title, path) => {
    const visit = await new Visitor(app).get(path);
    expect(visit.status).toBe(400);
    expect(visit.headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('a request of a disabled client ends in an error page without a redirect', async () => {
    const other = await webClient(app);
    await changeClient(app, other, { disabled: true });
    const visit = await new Visitor(app).get(new Authorization(other).path);
    expect({ left: visit.left, status: visit.status }).toEqual({ left: false, status: 400 });
  });

  it('no request without a valid redirect target was answered with a 5xx', () => {
    expect(serverErrors(app)).toEqual([]);
  });
});

describe('prompt', () => {
  it('prompt=none answers at once if nothing must be asked, and otherwise with the error that says why', async () => {
    const visitor = await regular();
    const silently = (scope: string) => new Authorization(client, { prompt: 'none', scope }).path;
    expect(answerOf(await visitor.get(silently('openid read')))).toHaveProperty('code');
    expect(answerOf(await visitor.get(silently('openid write')))).toMatchObject({ error: 'consent_required' });
  });

  it.each(['login', 'select_account'])('prompt=%s asks for the password again, once', async (prompt) => {
    const visitor = await regular();
    app.clock.advance(5000);
    const visit = await visitor.get(new Authorization(client, { prompt }).path);
    expect(isSignIn(visit)).toBe(true);
    expect(answerOf(await signIn(visitor, visit, user))).toHaveProperty('code');
  });

  it('prompt=login consent asks for both', async () => {
    const visitor = await regular();
    const visit = await visitor.get(new Authorization(client, { prompt: 'login consent' }).path);
    const asked = await signIn(visitor, visit, user);
    expect(isConsent(asked)).toBe(true);
    expect(answerOf(await agree(visitor, asked))).toHaveProperty('code');
  });

  it('prompt=select_account lets another user sign in, who is asked for their own consent', async () => {
    const visitor = await regular();
    const other = await aUser(app);
    const visit = await visitor.get(new Authorization(client, { prompt: 'select_account' }).path);
    expect(isConsent(await signIn(visitor, visit, other))).toBe(true);
  });
});

describe('max_age', () => {
  it('max_age asks for the password again only if the sign-in is older', async () => {
    const visitor = await regular();
    const path = () => new Authorization(client, { max_age: '60' }).path;
    app.clock.advance(60_000);
    expect(answerOf(await visitor.get(path()))).toHaveProperty('code');
    app.clock.advance(1000);
    const visit = await visitor.get(path());
    expect(isSignIn(visit)).toBe(true);
    expect(answerOf(await signIn(visitor, visit, user))).toHaveProperty('code');
  });
});

describe('id_token_hint', () => {
  it('an id_token_hint of the signed-in user changes nothing; one of another user asks for a sign-in', async () => {
    const visitor = new Visitor(app);
    const { body } = await signInAndExchange(app, client, user, {}, visitor);
    const silently = new Authorization(client, { prompt: 'none', id_token_hint: body.id_token }).path;
    expect(answerOf(await visitor.get(silently))).toHaveProperty('code');
    const stranger = await regular(client, await aUser(app));
    expect(answerOf(await stranger.get(silently))).toMatchObject({ error: 'login_required' });
  });

  it('an id_token_hint of another user shows a message until the right user signs in', async () => {
    const { body } = await signInAndExchange(app, client, user);
    const [stranger, other] = [new Visitor(app), await aUser(app)];
    const fresh = await stranger.get(new Authorization(client, { id_token_hint: body.id_token }).path);
    expect(fresh.html).not.toContain(english.signIn.other_user);
    const wrong = await signIn(stranger, fresh, other);
    expect(isSignIn(wrong)).toBe(true);
    expect(wrong.html).toContain(english.signIn.other_user);
    expect(answerOf(await signIn(stranger, wrong, user))).toHaveProperty('code');
  });
});

describe('consent', () => {
  it('users of a first-party client are not asked for consent', async () => {
    const own = await webClient(app, { firstParty: true });
    const visitor = new Visitor(app);
    const visit = await signIn(visitor, await visitor.get(new Authorization(own).path), user);
    expect(answerOf(visit)).toHaveProperty('code');
  });

  it('a public client that any program could impersonate asks for consent each time', async () => {
    const redirectUri = 'com.example.app:/back';
    const native = await browserClient(app, { redirectUris: [redirectUri] });
    const visitor = new Visitor(app);
    await signIn(visitor, await visitor.get(new Authorization(native, { redirect_uri: redirectUri }).path), user);
    for (let time = 0; time < 2; time++) {
      const asked = await visitor.get(new Authorization(native, { redirect_uri: redirectUri }).path);
      expect(isConsent(asked)).toBe(true);
      const { url } = await agree(visitor, asked);
      expect(url.href).toMatch(/^com\.example\.app:\/back\?code=/);
    }
  });

  it('consent of a loopback client redirects to the port that the request names', async () => {
    const native = await browserClient(app, { redirectUris: ['http://127.0.0.1/back'] });
    const redirectUri = 'http://127.0.0.1:50123/back';
    const visitor = new Visitor(app);
    const asked = await signIn(
      visitor,
      await visitor.get(new Authorization(native, { redirect_uri: redirectUri }).path),
      user,
    );
    expect((await agree(visitor, asked)).url.href).toMatch(/^http:\/\/127\.0\.0\.1:50123\/back\?code=/);
  });

  it('a consent form submitted twice issues two codes, each valid once', async () => {
    const visitor = await regular();
    const authorization = new Authorization(client, { prompt: 'consent' });
    const asked = await visitor.get(authorization.path);
    const answers = await Promise.all([agree(visitor, asked), agree(visitor, asked)]);
    const codes = answers.map((visit) => answerOf(visit)['code']!);
    expect(new Set(codes).size).toBe(2);
    for (const code of codes) expect((await authorization.exchange(app, client, code)).status).toBe(200);
  });

  it('consent for another request than the one shown is refused', async () => {
    const visitor = await regular();
    const asked = await visitor.get(new Authorization(client, { prompt: 'consent', scope: 'openid' }).path);
    const more = new URLSearchParams(new Authorization(client, { scope: 'openid write' }).parameters).toString();
    const visit = await visitor.submit(asked, { decision: 'allow', authorization_request: more });
    expect({ left: visit.left, isPage: visit.status >= 400 && visit.status < 500 }).toEqual({
      left: false,
      isPage: true,
    });
  });

  it('consent from a browser that was not asked is refused', async () => {
    const [visitor, other] = [await regular(), await regular()];
    const asked = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    const visit = await other.submit({ ...asked, url: new URL(app.url) }, { decision: 'allow' });
    expect({ left: visit.left, isPage: visit.status >= 400 && visit.status < 500 }).toEqual({
      left: false,
      isPage: true,
    });
  });

  it('the consent page lets another user sign in first', async () => {
    const visitor = await regular();
    const asked = await visitor.get(new Authorization(client, { prompt: 'consent', ui_locales: 'zh-TW' }).path);
    const [, href] = /<a href="([^"]*)"/.exec(asked.html)!;
    const visit = await visitor.get(href!.replaceAll('&amp;', '&'));
    expect(isSignIn(visit)).toBe(true);
    const other = await aUser(app);
    const theirs = await signIn(visitor, visit, other);
    expect(isConsent(theirs)).toBe(true);
    expect(theirs.html).toContain(other.username);
    expect(theirs.headers.get('content-language')).toBe('zh-Hant');
  });

  it('consent after the session has ended leads to the sign-in', async () => {
    const visitor = await regular();
    const asked = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    await app.database.query('UPDATE login_sessions SET ended_at = now()');
    expect(isSignIn(await visitor.submit(asked, { decision: 'allow' }))).toBe(true);
  });

  it.each([
    ['no decision', { decision: '' }],
    ['an unknown decision', { decision: 'perhaps' }],
    ['no request', { decision: 'allow', authorization_request: '' }],
    ['an invalid request', { decision: 'allow', authorization_request: 'x' }],
    ['no form token', { decision: 'allow', form_token: '' }],
  ])('consent with %s is an error page', async (_title, fields) => {
    const visitor = await regular();
    const asked = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    const visit = await visitor.submit(asked, fields);
    expect({ left: visit.left, isPage: visit.status >= 400 && visit.status < 500 }).toEqual({
      left: false,
      isPage: true,
    });
  });
});

it('none of these requests was answered with a 5xx', () => {
  expect(serverErrors(app)).toEqual([]);
});
