/** The console's side of the service: its sign-in, its cookie, and what it passes on to the admin API. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { serverErrors } from '../support/expectations.js';
import { send, type Answer } from '../support/requests.js';
import { SignOut } from '../../src/sign-out/sign-out.service.js';
import { exchange } from '../support/raw-http.js';
import { aUser, isSignIn, signIn, type TestUser } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { auditUnder, BY_TEST, usersOf } from '../support/users.js';
import { Visitor, type Visit } from '../support/visitor.js';

const SCRIPT = { 'x-rekey-console': '1' };

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  // A redirect URI is https, or of this machine.
  app = await startApp({ environment: { REKEY_ISSUER: 'https://rekey.test' } });
  user = await aUser(app);
  await usersOf(app).setAdminRoles(user.subject, ['rekey:read', 'rekey:users'], BY_TEST);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** Signs in to the console. @returns the visit that it ends with */
async function enter(visitor: Visitor, to = '/console/users'): Promise<Visit> {
  const visit = await visitor.get(`/console/sign-in?to=${encodeURIComponent(to)}`);
  return isSignIn(visit) ? signIn(visitor, visit, user) : visit;
}

function call(visitor: Visitor, method: string, path: string, body?: object, headers = SCRIPT): Promise<Answer> {
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return send(`${app.url}/console${path}`, {
    method,
    headers: { ...headers, cookie, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

describe('sign-in to the console', () => {
  it('a sign-in goes on to the page that it began for', async () => {
    const visitor = new Visitor(app);
    expect((await enter(visitor, '/console/users?search=x')).url.href).toContain('/console/users?search=x');
    expect((await call(visitor, 'GET', '/session')).body).toMatchObject({
      username: user.username,
      roles: ['rekey:read', 'rekey:users'],
    });
  });

  it.each([
    'https://evil.example/',
    '//evil.example/console/',
    '/console/../account',
    '/\\evil.example',
    'javascript:1',
  ])('a sign-in for %s goes on to the console’s first page', async (to) => {
    const { url, left } = await enter(new Visitor(app), to);
    expect({ left, path: url.pathname }).toEqual({ left: false, path: '/console/' });
  });

  it('an answer that this browser has not asked for, or an altered one, signs nobody in', async () => {
    const visitor = new Visitor(app);
    expect((await visitor.get('/console/callback?code=x&state=y')).url.search).toBe('?problem=sign_in_lost');
    await visitor.get('/console/sign-in');
    expect((await visitor.get('/console/callback?code=x&state=y')).url.search).toBe('?problem=sign_in_lost');
    expect((await call(visitor, 'GET', '/session')).status).toBe(401);
  });

  it('a sign-out revokes the console’s tokens, also those in a copy of the cookie', async () => {
    const visitor = new Visitor(app);
    await enter(visitor);
    const copy = new Map(visitor.cookies);
    expect((await call(visitor, 'POST', '/sign-out')).body).toEqual({ location: '/end-session' });
    copy.forEach((value, name) => visitor.cookies.set(name, value));
    expect((await call(visitor, 'GET', '/api/users')).status).toBe(401);
  });
});

describe('requests to the admin API', () => {
  it('a request is passed on with its query, body and answer, and is the user’s in the audit log', async () => {
    const visitor = new Visitor(app);
    await enter(visitor);
    expect((await call(visitor, 'GET', '/api/users?limit=1')).body.items).toHaveLength(1);
    const username = `new-${Date.now()}`;
    const created = await call(visitor, 'POST', '/api/users', { username });
    expect(created).toMatchObject({ status: 201, body: { username } });
    expect(await auditUnder(app, created.headers.get('x-correlation-id')!)).toMatchObject([
      { event: 'user.created', actor: `user:${user.subject}` },
    ]);
    const refused = await call(visitor, 'POST', '/api/clients', { name: 'x', type: 'public' });
    expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining('rekey:clients') } });
    expect((await call(visitor, 'POST', '/api/users', { username: 5 })).body.errors).toHaveLength(1);
  });

  it.each(['/api/../x', '/api/../../userinfo', '/api/users/%2E%2e/%2e%2e/x', '/api/./users', '/api/..%5c..\\userinfo'])(
    'a path that would leave the admin API is not found: %s',
    async (path) => {
      const visitor = new Visitor(app);
      await enter(visitor);
      const cookie = `__Host-rekey-console=${visitor.cookies.get('__Host-rekey-console')}`;
      const headers = [
        ['x-rekey-console', '1'],
        ['cookie', cookie],
      ] as const;
      expect((await exchange(app.url, { method: 'GET', path: `/console${path}`, headers })).status).toBe(404);
    },
  );

  it('a session ends with the login session', async () => {
    const visitor = new Visitor(app);
    await enter(visitor);
    await app.nest.get(SignOut, { strict: false }).signOutEverywhere(user.subject, 'test', BY_TEST);
    expect((await call(visitor, 'GET', '/api/users')).status).toBe(401);
  });

  it('an access token that expires is replaced while the user is signed in, also for several requests at once', async () => {
    const visitor = new Visitor(app);
    await enter(visitor);
    app.clock.advanceSeconds(3600);
    const together = await Promise.all([1, 2, 3, 4].map(() => call(visitor, 'GET', '/api/users?limit=1')));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(together.every(({ headers }) => headers.getSetCookie().length === 1)).toBe(true);
  });

  it('a request that is not of the console’s own script is refused', async () => {
    const visitor = new Visitor(app);
    await enter(visitor);
    for (const headers of [
      {},
      { ...SCRIPT, 'sec-fetch-site': 'cross-site' },
      { ...SCRIPT, 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await call(visitor, 'POST', '/api/users', { username: 'forged' }, headers as typeof SCRIPT);
      expect(answer.status).toBe(400);
    }
  });

  it('without a session, or with an altered cookie, a request is 401', async () => {
    const visitor = new Visitor(app);
    expect((await call(visitor, 'GET', '/api/users')).status).toBe(401);
    visitor.cookies.set('__Host-rekey-console', 's' + 'A'.repeat(200));
    expect((await call(visitor, 'GET', '/api/users')).status).toBe(401);
  });
});

it('where no client may have the console’s address, it says so', async () => {
  const plain = await startApp({ environment: { REKEY_ISSUER: 'http://rekey.test' } });
  expect((await new Visitor(plain).get('/console/sign-in')).url.search).toBe('?problem=no_tls');
  await plain.close();
});

it('where the console is off, nothing is there', async () => {
  const off = await startApp({ environment: { REKEY_CONSOLE: 'off' } });
  for (const path of [
    '/console/',
    '/console/sign-in',
    '/console/session',
    '/console/api/users',
    '/console/assets/x.js',
  ]) {
    expect({ path, status: (await send(off.url + path, { headers: SCRIPT })).status }).toEqual({ path, status: 404 });
  }
  await off.close();
});
