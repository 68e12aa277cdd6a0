/** Login sessions over HTTP: how long a browser is signed in, and what ends that. The rules of the store are in `test/repositories/`. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { CleanupWorker } from '../../src/cleanup/cleanup.worker.js';
import { LoginSessions } from '../../src/sessions/login-sessions.service.js';
import { SignOut } from '../../src/sign-out/sign-out.service.js';
import { auditOf } from '../support/audit-trail.js';
import type { TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { refresh, send, type Answer } from '../support/requests.js';
import {
  aUser,
  Authorization,
  authorize,
  isConsent,
  isSignIn,
  signIn,
  webClient,
  type TestUser,
  signInAndExchange,
} from '../support/sign-in.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { Visitor, type Visit } from '../support/visitor.js';
import { admin, type Admin } from '../support/admin.js';

const HOUR_SECONDS = 3600;
const ORIGIN = { actor: 'test', correlationId: 'test' };

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_FAILED_SIGN_INS_PER_MINUTE: '100' } });
  client = await webClient(app);
});
afterAll(() => app.close());

const sessions = () => app.nest.get(LoginSessions, { strict: false });
const signOut = () => app.nest.get(SignOut, { strict: false });

interface SignedIn {
  readonly user: TestUser;
  readonly visitor: Visitor;
}

async function signedIn(at: TestApp = app): Promise<SignedIn> {
  const user = await aUser(at);
  const visitor = new Visitor(at);
  await signIn(visitor, await visitor.get('/sign-in'), user);
  return { user, visitor };
}

/** The outcome of an authorization request in this browser. */
async function seen({ visitor }: Pick<SignedIn, 'visitor'>): Promise<'signed in' | 'signed out'> {
  const visit = await visitor.get(new Authorization(client).path);
  expect(visit.status).toBe(200);
  expect(isSignIn(visit)).not.toBe(isConsent(visit));
  return isConsent(visit) ? 'signed in' : 'signed out';
}

const submit = (visitor: Visitor, visit: Visit, { username, password }: TestUser): Promise<Answer> =>
  send(`${app.url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
    body: new URLSearchParams({ ...visit.forms[0]!.fields, username, password }).toString(),
  });

const sessionCookieIn = (answer: Answer): string => {
  const cookies = answer.headers.getSetCookie().filter((cookie) => cookie.startsWith('rekey-session='));
  expect(cookies).toHaveLength(1);
  return cookies[0]!.slice('rekey-session='.length).split(';')[0]!;
};

describe('a browser', () => {
  afterEach(() => expect(serverErrors(app)).toEqual([]));

  it('a browser stays signed in until its session is unused for eight hours', async () => {
    const browser = await signedIn();
    app.clock.advanceSeconds(8 * HOUR_SECONDS - 1);
    expect(await seen(browser)).toBe('signed in');
    const idle = await signedIn();
    app.clock.advanceSeconds(8 * HOUR_SECONDS);
    expect(await seen(idle)).toBe('signed out');
  });

  it('a browser stays signed in for a day at most', async () => {
    const browser = await signedIn();
    for (let hours = 0; hours < 23; hours++) {
      app.clock.advanceSeconds(HOUR_SECONDS);
      expect(await seen(browser)).toBe('signed in');
    }
    app.clock.advanceSeconds(HOUR_SECONDS);
    expect(await seen(browser)).toBe('signed out');
  });

  it('a browser is signed out at once when its session is ended, and other browsers are not', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const [session] = await sessions().list(one.user.subject);
    await signOut().signOut(session!, 'test', ORIGIN);
    expect(await seen(one)).toBe('signed out');
    expect(await seen(other)).toBe('signed in');
  });

  it('a browser is signed out at once when its user is disabled, and signed in again when they are enabled', async () => {
    const browser = await signedIn();
    await setSubjectDisabled(app, browser.user.subject, true);
    expect(await seen(browser)).toBe('signed out');
    await setSubjectDisabled(app, browser.user.subject, false);
    expect(await seen(browser)).toBe('signed in');
  });

  it('a browser is signed out at once when its user is deleted', async () => {
    const browser = await signedIn();
    await app.database.query('UPDATE users SET deleted_at = now() WHERE subject = $1', [browser.user.subject]);
    expect(await seen(browser)).toBe('signed out');
  });

  it('a browser that sends two session cookies is not signed in', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const two = new Visitor(app);
    two.cookies.set(
      'rekey-session',
      `${one.visitor.cookies.get('rekey-session')}; rekey-session=${other.visitor.cookies.get('rekey-session')}`,
    );
    expect(await seen({ visitor: two })).toBe('signed out');
  });
});

describe('the session that clients know', () => {
  afterEach(() => expect(serverErrors(app)).toEqual([]));

  const idTokenOf = async (browser: SignedIn, overrides: Record<string, string> = {}) => {
    const authorization = new Authorization(client, overrides);
    const answer = await authorize(app, browser.user, authorization, browser.visitor);
    const { body } = await authorization.exchange(app, client, answer.get('code') ?? '');
    return { ...decodeJwt<{ sid: string; auth_time: number }>(body.id_token), refreshToken: body.refresh_token };
  };

  it('a user who signs in again in the same browser keeps the session, with a new auth_time', async () => {
    const browser = await signedIn();
    const first = await idTokenOf(browser);
    app.clock.advanceSeconds(100);
    const second = await idTokenOf(browser, { prompt: 'login' });
    expect(second.sid).toBe(first.sid);
    expect(second.auth_time).toBe(first.auth_time + 100);
    expect(await sessions().list(browser.user.subject)).toHaveLength(1);
  });

  it('another user’s sign-in ends the session and its families; offline families stay valid', async () => {
    const browser = await signedIn();
    const offline = await idTokenOf(browser);
    const online = await idTokenOf(browser, { scope: 'openid read' });
    expect(online.refreshToken).toBeUndefined();
    const somebody = await aUser(app);
    const visit = await browser.visitor.get(new Authorization(client, { prompt: 'login' }).path);
    await signIn(browser.visitor, visit, somebody);
    const families = await app.database.query<{ offline: boolean; revoked_reason: string | null }[]>(
      'SELECT offline, revoked_reason FROM token_families WHERE session_id = $1 ORDER BY offline',
      [online.sid],
    );
    expect(families).toEqual([
      { offline: false, revoked_reason: 'another_user' },
      { offline: true, revoked_reason: null },
    ]);
    expect((await refresh(app, client, offline.refreshToken)).status).toBe(200);
    const after = await idTokenOf({ user: somebody, visitor: browser.visitor });
    expect(after.sid).not.toBe(online.sid);
    expect(after.sub).toBe(somebody.subject);
  });
});

describe('concurrent requests of one browser', () => {
  afterEach(() => expect(serverErrors(app)).toEqual([]));

  it('twenty concurrent sign-ins with one old cookie succeed; one keeps the session, and the old cookie is worthless', async () => {
    const { user, visitor } = await signedIn();
    const [before] = await sessions().list(user.subject);
    const visit = await visitor.get(new Authorization(client, { prompt: 'login' }).path);
    const answers = await Promise.all(Array.from({ length: 20 }, () => submit(visitor, visit, user)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 303));
    const live = await sessions().list(user.subject);
    expect(live).toHaveLength(20);
    expect(live.filter(({ id }) => id === before!.id)).toHaveLength(1);
    const cookies = answers.map(sessionCookieIn);
    expect(new Set(cookies).size).toBe(20);
    for (const cookie of cookies) {
      const tab = new Visitor(app);
      tab.cookies.set('rekey-session', cookie);
      expect(await seen({ visitor: tab })).toBe('signed in');
    }
    expect(await seen({ visitor })).toBe('signed out');
  });

  it('two users who sign in to a third user’s browser end its session once, and both succeed', async () => {
    const { user, visitor } = await signedIn();
    const others = [await aUser(app), await aUser(app)];
    const visit = await visitor.get(new Authorization(client, { prompt: 'login' }).path);
    const answers = await Promise.all(others.map((other) => submit(visitor, visit, other)));
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    expect(await sessions().list(user.subject)).toEqual([]);
    for (const other of others) expect(await sessions().list(other.subject)).toHaveLength(1);
    const events = (await Promise.all(answers.map((answer) => auditOf(app, answer)))).flat();
    expect(events.filter(({ event }) => event === 'session.ended')).toHaveLength(1);
  });

  it('requests that use a session while it is ended never bring it back', async () => {
    const browser = await signedIn();
    const [session] = await sessions().list(browser.user.subject);
    app.clock.advanceSeconds(120);
    const target = new Authorization(client).path;
    const [, ...visits] = await Promise.all([
      signOut().signOut(session!, 'test', ORIGIN),
      ...Array.from({ length: 20 }, () => browser.visitor.get(target)),
    ]);
    expect(visits.map(({ status }) => status)).toEqual(visits.map(() => 200));
    expect(await seen(browser)).toBe('signed out');
    expect(await sessions().list(browser.user.subject)).toEqual([]);
  });
});

describe('a database that is lost in the middle of a sign-in', () => {
  it.each([
    ['at the new session', /INSERT INTO login_sessions/],
    ['at its event', /INSERT INTO audit_events/],
    ['at the end', /^COMMIT/],
  ])('a database lost %s leaves no session, and the same form signs in once it is back', async (_, statement) => {
    const user = await aUser(app);
    const visitor = new Visitor(app);
    const visit = await visitor.get('/sign-in');
    const { result, lost } = await withLostStatements(app, statement, () => submit(visitor, visit, user));
    expect(lost).toBeGreaterThan(0);
    expect(result.status).toBe(503);
    expect(result.headers.get('content-type')).toMatch(/^text\/html/);
    expect(result.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(result.headers.getSetCookie()).toEqual([]);
    expect(await sessions().list(user.subject)).toEqual([]);
    expect(
      await app.database.query(`SELECT 1 FROM audit_events WHERE event = 'user.signed_in' AND subject = $1`, [
        user.subject,
      ]),
    ).toEqual([]);
    expect((await submit(visitor, visit, user)).status).toBe(303);
    serverErrors(app);
  });

  it.each([
    ['at its renewal', /UPDATE login_sessions SET .*cookie_digest/],
    ['at its event', /INSERT INTO audit_events/],
  ])('a database lost %s leaves the session unchanged', async (_, statement) => {
    const { user, visitor } = await signedIn();
    const [before] = await sessions().list(user.subject);
    const visit = await visitor.get(new Authorization(client, { prompt: 'login' }).path);
    app.clock.advanceSeconds(10);
    const { result, lost } = await withLostStatements(app, statement, () => submit(visitor, visit, user));
    expect({ lost: lost > 0, status: result.status, cookies: result.headers.getSetCookie() }).toEqual({
      lost: true,
      status: 503,
      cookies: [],
    });
    expect(await sessions().list(user.subject)).toEqual([before]);
    expect(await seen({ visitor })).toBe('signed in');
    serverErrors(app);
  });

  it('with the database away, a page asks to wait, and nobody counts as signed out', async () => {
    const { visitor } = await signedIn();
    const target = new Authorization(client).path;
    const { result } = await withLostStatements(app, /FROM login_sessions/, () => visitor.get(target));
    expect({ status: result.status, isPage: /^text\/html/.test(result.headers.get('content-type') ?? '') }).toEqual({
      status: 503,
      isPage: true,
    });
    expect(isSignIn(result)).toBe(false);
    serverErrors(app);
  });
});

it('cleanup deletes a session that ended longer ago than the retention, and counts it', async () => {
  const over = await signedIn();
  const [session] = await sessions().list(over.user.subject);
  await signOut().signOut(session!, 'test', ORIGIN);
  const clean = () => app.nest.get(CleanupWorker, { strict: false }).clean();
  const rows = () => app.database.query('SELECT 1 FROM login_sessions WHERE id = $1', [session!.id]);
  app.clock.advanceSeconds(30 * 24 * HOUR_SECONDS);
  await clean();
  expect(await rows()).toHaveLength(1);
  app.clock.advanceSeconds(1);
  const live = await signedIn();
  await clean();
  expect(await rows()).toHaveLength(0);
  expect(await seen(live)).toBe('signed in');
  expect((await send(`${app.url}/metrics`)).text).toMatch(/rekey_cleanup_rows_total\{table="login_sessions"\} [1-9]/);
});

describe('an issuer', () => {
  it('an issuer with TLS sets host-only cookies with the __Host- prefix', async () => {
    const secure = await startApp({ environment: { REKEY_ISSUER: 'https://id.test' }, clock: new TestClock() });
    try {
      const user = await aUser(secure);
      const visitor = new Visitor(secure);
      const visit = await visitor.get('/sign-in');
      const answer = await visitor.submit(visit, { username: user.username, password: user.password });
      expect([...visitor.cookies.keys()]).toEqual(['__Host-rekey-browser', '__Host-rekey-session']);
      expect(answer.url.pathname).toBe('/account');
      const plain = new Visitor(secure);
      for (const [name, value] of visitor.cookies) plain.cookies.set(name.replace('__Host-', ''), value);
      expect(isSignIn(await plain.get('/sign-in'))).toBe(true);
    } finally {
      await secure.close();
    }
  });
});

/** Revoking everything that a user has ends the login sessions too: otherwise the next redirect would bring new tokens. */
describe('the revocation of everything that a user has', () => {
  let client: TestClient;
  let by: Admin;

  beforeAll(async () => {
    client = await webClient(app);
    by = await admin(app);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const silently = () => new Authorization(client, { prompt: 'none' }).path;

  async function signedIn() {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    await authorize(app, user, new Authorization(client), visitor);
    expect((await visitor.get(silently())).url.searchParams.has('code')).toBe(true);
    return { user, visitor };
  }

  it.each(['subject', 'all'])(
    'a revocation of the kind %s ends the login session, so the password is required again',
    async (kind) => {
      const { user, visitor } = await signedIn();
      const value = kind === 'subject' ? user.subject : undefined;
      expect((await by.post('/revocations', { kind, ...(value && { value }), reason: 'laptop lost' })).status).toBe(
        201,
      );
      app.clock.advance(10);
      by = await admin(app); // a revocation of everything ends the admin's token, too
      expect((await visitor.get(silently())).url.searchParams.get('error')).toBe('login_required');
      expect(isSignIn(await visitor.get(new Authorization(client).path))).toBe(true);
    },
  );

  it('a revocation of another user, or of a client, does not end the login session', async () => {
    const { visitor } = await signedIn();
    await by.post('/revocations', { kind: 'subject', value: 'somebody-else', reason: 'x' });
    await by.post('/revocations', { kind: 'client', value: client.clientId, reason: 'x' });
    expect((await visitor.get(silently())).url.searchParams.has('code')).toBe(true);
  });

  it.each([
    ['revoke_subject', 'login_required'],
    ['revoke_family', undefined],
  ] as const)('a reuse at a client with the response %s', async (reuseResponse, error) => {
    const strict = await webClient(app, { reuseResponse });
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    const { body } = await signInAndExchange(app, strict, user, {}, visitor);
    await refresh(app, strict, body.refresh_token);
    app.clock.advance(61_000);
    await refresh(app, strict, body.refresh_token);
    const { url } = await visitor.get(new Authorization(strict, { prompt: 'none' }).path);
    expect(url.searchParams.get('error') ?? undefined).toBe(error);
  });

  it('a revocation concurrent with sign-ins leaves no session that could get tokens', async () => {
    const { user, visitor } = await signedIn();
    const codes = Array.from({ length: 20 }, () => visitor.get(silently()));
    const revoked = by.post('/revocations', { kind: 'subject', value: user.subject, reason: 'x' });
    await Promise.all(codes);
    expect((await revoked).status).toBe(201);
    const alive = await app.database.query('SELECT 1 FROM token_families WHERE subject = $1 AND revoked_at IS NULL', [
      user.subject,
    ]);
    expect(alive).toEqual([]);
  });

  /** Runs an action after the password was verified and before the session starts. */
  function justBeforeTheSession(change: () => Promise<unknown>): void {
    const sessions = app.nest.get(LoginSessions, { strict: false });
    const begin = sessions.begin.bind(sessions);
    jest.spyOn(sessions, 'begin').mockImplementationOnce(async (...sign) => {
      await change();
      return begin(...sign);
    });
  }

  async function signOutEverywhere(user: TestUser): Promise<void> {
    const visitor = new Visitor(app);
    const page = await signIn(visitor, await visitor.get('/account'), user);
    const form = page.forms.find(({ action }) => action === '/account/sessions/end-all');
    expect((await visitor.submit(page, {}, form)).html).toContain('You are signed out');
  }

  it.each<[string, (user: TestUser) => Promise<unknown>]>([
    [
      'the password is changed',
      ({ subject }) => by.post(`/users/${subject}/password`, { password: 'another long one' }),
    ],
    [
      'all of the user is revoked',
      ({ subject: value }) => by.post('/revocations', { kind: 'subject', value, reason: 'x' }),
    ],
    ['the user is deleted', ({ subject }) => by.delete(`/users/${subject}`)],
    ['the user signs out everywhere', signOutEverywhere],
    ['everything is revoked', () => by.post('/revocations', { kind: 'all', reason: 'x' })],
  ])('a sign-in under way while %s creates no session', async (_title, change) => {
    app.clock.advance(10);
    by = await admin(app);
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    const form = await visitor.get(new Authorization(client).path);
    justBeforeTheSession(() => change(user));
    const visit = await signIn(visitor, form, user);
    expect([visit.left, isSignIn(visit)]).toEqual([false, true]);
    expect((await visitor.get(silently())).url.searchParams.get('error')).toBe('login_required');
  });
});
