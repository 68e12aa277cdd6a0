/** Signing in with username and password in a browser: valid and invalid forms, right and wrong passwords. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { auditOf } from '../support/audit-trail.js';
import { type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { exchange, FORM } from '../support/raw-http.js';
import { postForm, send, type Answer } from '../support/requests.js';
import { aUser, Authorization, isSignIn, signIn, webClient, type TestUser } from '../support/sign-in.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor, type Visit } from '../support/visitor.js';

let app: TestApp;
let client: TestClient;
let anna: TestUser;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_FAILED_SIGN_INS_PER_MINUTE: '4' } });
  client = await webClient(app);
  anna = await aUser(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** The form of /sign-in in a fresh browser. */
async function opened(target = '/sign-in'): Promise<{ visitor: Visitor; visit: Visit }> {
  const visitor = new Visitor(app);
  return { visitor, visit: await visitor.get(target) };
}

const cookieHeader = (visitor: Visitor) => [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');

/** Sends a form without following redirects. */
const submit = (
  visitor: Visitor,
  visit: Visit,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  send(`${app.url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: cookieHeader(visitor), ...headers },
    body: new URLSearchParams({ ...visit.forms[0]!.fields, ...fields }).toString(),
  });

const credentials = ({ username, password }: TestUser) => ({ username, password });

const sessionsOf = async ({ subject }: TestUser): Promise<{ id: string; ended_at: Date | null }[]> =>
  app.database.query('SELECT id, ended_at FROM login_sessions WHERE subject = $1 ORDER BY id', [subject]);

/** Expects an error page. */
function expectPage(answer: Pick<Answer, 'status' | 'headers'> & { text?: string; html?: string }, status: number) {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`);
  expect(answer.headers.get('location')).toBeNull();
}

describe('the form', () => {
  it('the sign-in form asks for username and password, and redirects only within the service', async () => {
    const { visit } = await opened();
    expectPage(visit, 200);
    expect(visit.forms).toEqual([
      { action: '/sign-in', method: 'post', fields: { form_token: expect.any(String), username: '', password: '' } },
    ]);
    expect(visit.headers.get('content-security-policy')).toContain(`form-action 'self';`);
    expect(visit.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual(['rekey-browser']);
  });

  it('the sign-in form of an authorization request contains the request, and may redirect to its client', async () => {
    const authorization = new Authorization(client, { login_hint: 'anna "<b>', prompt: 'login', max_age: '60' });
    const { visit } = await opened(authorization.path);
    expectPage(visit, 200);
    const [form] = visit.forms;
    expect(form!.action).toBe('/sign-in');
    expect(form!.fields['username']).toBe('anna "<b>');
    const held = Object.fromEntries(new URLSearchParams(form!.fields['authorization_request']));
    expect(held).toEqual(authorization.parameters);
    expect(visit.html).not.toContain('"<b>');
    expect(visit.headers.get('content-security-policy')).not.toContain('form-action');
  });

  it('a signed-in user is redirected from the sign-in form to the account', async () => {
    const { visitor, visit } = await opened();
    await submit(visitor, visit, credentials(anna)).then(({ headers }) => keep(visitor, headers));
    const answer = await send(`${app.url}/sign-in`, { redirect: 'manual', headers: { cookie: cookieHeader(visitor) } });
    expect({ status: answer.status, location: answer.headers.get('location') }).toEqual({
      status: 303,
      location: '/account',
    });
  });

  it('requesting the sign-in form stores nothing', async () => {
    const before = await rows();
    for (let index = 0; index < 5; index++) await opened(new Authorization(client).path);
    expect(await rows()).toEqual(before);
  });

  const rows = async () =>
    app.database
      .query(`SELECT (SELECT count(*) FROM login_sessions) AS sessions, (SELECT count(*) FROM audit_events) AS events,
      (SELECT count(*) FROM token_families) AS families, (SELECT count(*) FROM consents) AS consents`);
});

function keep(visitor: Visitor, headers: Headers): void {
  for (const line of headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    visitor.cookies.set(name!, value!);
  }
}

describe('the right password', () => {
  it('[264] the right password starts a session and redirects to the account with 303, which does not repeat the password', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened();
    const answer = await submit(visitor, visit, credentials(user));
    expect({ status: answer.status, location: answer.headers.get('location') }).toEqual({
      status: 303,
      location: '/account',
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^rekey-session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [session] = await sessionsOf(user);
    expect(await auditOf(app, answer)).toMatchObject([
      { event: 'user.signed_in', subject: user.subject, sid: session!.id },
    ]);
  });

  it('[264] the right password returns to the authorization request, without the prompts that it satisfied', async () => {
    const authorization = new Authorization(client, {
      prompt: 'login consent',
      max_age: '60',
      ui_locales: 'zh-Hant en',
    });
    const { visitor, visit } = await opened(authorization.path);
    const answer = await submit(visitor, visit, credentials(anna));
    const location = new URL(answer.headers.get('location')!, app.url);
    expect({ status: answer.status, path: location.pathname }).toEqual({ status: 303, path: '/authorize' });
    const { prompt, max_age, ...rest } = authorization.parameters;
    expect([prompt, max_age]).toEqual(['login consent', '60']);
    expect(Object.fromEntries(location.searchParams)).toEqual({ ...rest, prompt: 'consent' });
  });

  it.each(['select_account', 'login'])(
    'the right password satisfies prompt=%s: the user is not asked twice',
    async (prompt) => {
      const { visitor, visit } = await opened(new Authorization(client, { prompt }).path);
      const next = await signIn(visitor, visit, anna);
      expect(isSignIn(next)).toBe(false);
      expect(next.status).toBe(200);
    },
  );

  it('the right password continues the request for which the form was shown, whatever other parameters are sent', async () => {
    const { visitor, visit } = await opened();
    const answer = await submit(visitor, visit, {
      ...credentials(anna),
      redirect: 'https://evil.test',
      return_to: '//evil.test',
      subject: 'somebody',
      acr: 'x',
    });
    expect(answer.headers.get('location')).toBe('/account');
  });
});

describe('the wrong password', () => {
  it('a wrong password shows the form again with 403, so that no password manager saves it', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened(new Authorization(client).path);
    const again = await signIn(visitor, visit, { ...user, password: 'not the password' });
    expectPage(again, 403);
    expect(again.forms[0]!.fields).toEqual({ ...visit.forms[0]!.fields, username: user.username });
    expect(again.html).toContain('role="alert"');
    expect(again.html).not.toContain('not the password');
    expect(visitor.cookies.has('rekey-session')).toBe(false);
    expect(await sessionsOf(user)).toEqual([]);
    expect(isSignIn(await signIn(visitor, again, user))).toBe(false);
  });

  it('a wrong password looks like an unknown, disabled or deleted user, byte for byte except for the typed username', async () => {
    const disabled = await aUser(app);
    await setSubjectDisabled(app, disabled.subject, true);
    const deleted = await aUser(app);
    await app.database.query('UPDATE users SET deleted_at = now() WHERE subject = $1', [deleted.subject]);
    const passwordless = await aUser(app);
    await app.database.query('UPDATE users SET password_hash = NULL WHERE subject = $1', [passwordless.subject]);
    const { visitor, visit } = await opened();
    const answers = [];
    for (const [username, password] of [
      [anna.username, 'wrong'],
      ['nobody at all', 'wrong'],
      [disabled.username, disabled.password],
      [deleted.username, deleted.password],
      [passwordless.username, passwordless.password],
      [`${anna.username}\u200b`, anna.password],
    ] as const) {
      const { status, text, headers } = await submit(visitor, visit, { username, password });
      const { date, 'x-correlation-id': id, 'content-length': length, ...rest } = Object.fromEntries(headers);
      expect([date, id, length]).not.toContain(undefined);
      answers.push({ status, text: text.replace(` value="${username}"`, ''), headers: rest });
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]!.status).toBe(403);
  });

  it.each([
    ['no username', { password: 'x' }],
    ['no password', { username: 'x' }],
    ['neither', {}],
    ['a username of 5,000 characters', { username: 'x'.repeat(5000), password: 'x' }],
    ['a password of 10,000 characters', { username: 'x', password: 'x'.repeat(10_000) }],
    ['controls and quotes', { username: '\u0000\u0007\n"><script>alert(1)</script>', password: '\u0000' }],
  ])('a wrong password may be %s', async (_, fields: Record<string, string>) => {
    const { visitor, visit } = await opened();
    const answer = await submit(visitor, visit, { username: '', password: '', ...fields });
    expectPage(answer, 403);
    expect(answer.text).not.toMatch(/<script>/);
    expect(answer.text.length).toBeLessThan(20_000);
  });

  it('too many wrong passwords answer 429 with Retry-After and the same form; from elsewhere the user can sign in', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened();
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++) {
      statuses.push((await submit(visitor, visit, { username: user.username, password: 'wrong' })).status);
    }
    expect(statuses).toEqual([403, 403, 403, 403, 429]);
    const answer = await submit(visitor, visit, credentials(user));
    expectPage(answer, 429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.text).toContain(`value="${user.username}"`);
    expect(await sessionsOf(user)).toEqual([]);
  });
});

describe('an invalid form', () => {
  const expectRefused = async (change: (visitor: Visitor, visit: Visit) => Promise<Answer> | Answer) => {
    const { visitor, visit } = await opened(new Authorization(client).path);
    const answer = await change(visitor, visit);
    expectPage(answer, 400);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.text).not.toContain('name="password"');
  };

  it.each([
    ['no token', { form_token: '' }],
    ['a made-up token', { form_token: 'A'.repeat(43) }],
    ['another authorization request', { authorization_request: 'client_id=x' }],
    ['no authorization request', { authorization_request: '' }],
  ])('a form with %s is refused', async (_, fields: Record<string, string>) => {
    await expectRefused((visitor, visit) => submit(visitor, visit, { ...credentials(anna), ...fields }));
  });

  it('a form from another browser is refused', async () => {
    await expectRefused((_, visit) => submit(new Visitor(app), visit, credentials(anna)));
    const { visitor: other } = await opened();
    await expectRefused((_, visit) => submit(other, visit, credentials(anna)));
  });

  it.each([
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('a form sent from another site is refused: %j', async (headers) => {
    await expectRefused((visitor, visit) => submit(visitor, visit, credentials(anna), headers));
  });

  it('a form sent from the same site is accepted', async () => {
    const { visitor, visit } = await opened();
    const headers = { origin: new URL(app.issuer).origin, 'sec-fetch-site': 'same-origin' };
    expect((await submit(visitor, visit, credentials(anna), headers)).status).toBe(303);
  });

  it.each([
    ['JSON', 'application/json', '{"username":"x"}'],
    ['text', 'text/plain', 'username=x'],
    ['nothing', 'application/x-www-form-urlencoded', ''],
    ['a repeated parameter', 'application/x-www-form-urlencoded', 'username=a&username=b'],
    ['a thousand parameters', 'application/x-www-form-urlencoded', 'a=1&'.repeat(1000)],
    ['broken percent-encoding', 'application/x-www-form-urlencoded', 'username=%zz'],
    ['bytes that are not UTF-8', 'application/x-www-form-urlencoded', 'username=%ff'],
  ])('a form that is %s is an error page', async (_, type, body) => {
    expectPage(await send(`${app.url}/sign-in`, { method: 'POST', headers: { 'content-type': type }, body }), 400);
  });

  it('a form of 64 KiB is an error page', async () => {
    expectPage(await postForm(`${app.url}/sign-in`, `username=${'x'.repeat(65_536)}`), 413);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])(
    'a form sent with %s is an error page that names the allowed methods',
    async (method) => {
      const answer = await send(`${app.url}/sign-in`, { method });
      expectPage(answer, 405);
      expect(answer.headers.get('allow')).toBe('GET, POST');
    },
  );

  it.each([
    ['a repeated parameter', 'a=1&a=2'],
    ['a thousand parameters', 'a=1&'.repeat(1000)],
    ['a request', 'authorization_request=x'],
  ])('the query does not change the sign-in page: %s', async (_, query) => {
    expectPage(await send(`${app.url}/sign-in?${query}`), 200);
  });

  it.each(['%zz', 'authorization_request=%ff'])('a query that is not UTF-8 is an error page: %s', async (query) => {
    expectPage(await send(`${app.url}/sign-in?${query}`), 400);
  });

  it('two cookies of one browser are ignored', async () => {
    const { visit } = await opened();
    const answer = await exchange(app.url, {
      path: '/sign-in',
      headers: [FORM, ['Cookie', 'rekey-session=x; rekey-session=y'], ['Cookie', 'rekey-browser=z']],
      body: new URLSearchParams(visit.forms[0]!.fields).toString(),
    });
    expectPage(answer, 400);
  });
});

describe('a form that is sent again', () => {
  it('a form sent twice at once signs in twice, and the browser ends up signed in', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened(new Authorization(client).path);
    const answers = await Promise.all([1, 2].map(() => submit(visitor, visit, credentials(user))));
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    for (const { headers } of answers) {
      keep(visitor, headers);
      expect(isSignIn(await visitor.get(new Authorization(client).path))).toBe(false);
    }
  });

  it('a form sent again by the signed-in user keeps the session and replaces the cookie', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened();
    keep(visitor, (await submit(visitor, visit, credentials(user))).headers);
    const before = visitor.cookies.get('rekey-session')!;
    const again = await submit(visitor, visit, credentials(user));
    expect(again.status).toBe(303);
    keep(visitor, again.headers);
    expect(visitor.cookies.get('rekey-session')).not.toBe(before);
    expect(await sessionsOf(user)).toMatchObject([{ ended_at: null }]);
    visitor.cookies.set('rekey-session', before);
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(true);
  });

  it('a form sent after the session has ended signs in again', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened();
    keep(visitor, (await submit(visitor, visit, credentials(user))).headers);
    await app.database.query('UPDATE login_sessions SET ended_at = now() WHERE subject = $1', [user.subject]);
    const again = await submit(visitor, visit, credentials(user));
    expect(again.status).toBe(303);
    expect(await sessionsOf(user)).toMatchObject([{ ended_at: expect.any(Date) }, { ended_at: null }]);
  });

  it('another user’s sign-in signs the previous user out', async () => {
    const [first, second] = [await aUser(app), await aUser(app)];
    const { visitor, visit } = await opened();
    keep(visitor, (await submit(visitor, visit, credentials(first))).headers);
    const before = visitor.cookies.get('rekey-session')!;
    const answer = await submit(visitor, visit, credentials(second));
    keep(visitor, answer.headers);
    expect(await sessionsOf(first)).toMatchObject([{ ended_at: expect.any(Date) }]);
    expect(await sessionsOf(second)).toMatchObject([{ ended_at: null }]);
    const [old] = await sessionsOf(first);
    expect(await auditOf(app, answer)).toMatchObject([
      {
        event: 'session.ended',
        reason: 'another_user',
        subject: first.subject,
        sid: old!.id,
        actor: `user:${second.subject}`,
      },
      { event: 'user.signed_in', subject: second.subject },
    ]);
    visitor.cookies.set('rekey-session', before);
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(true);
  });

  it('a wrong password does not sign the current user out', async () => {
    const user = await aUser(app);
    const { visitor, visit } = await opened();
    keep(visitor, (await submit(visitor, visit, credentials(user))).headers);
    expect((await submit(visitor, visit, { username: anna.username, password: 'wrong' })).status).toBe(403);
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(false);
  });
});
