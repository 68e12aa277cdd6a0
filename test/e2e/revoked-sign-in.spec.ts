/** Revoking everything that a user has ends the login sessions too: otherwise the next redirect would bring new tokens. */
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { LoginSessions } from '../../src/sessions/login-sessions.service.js';
import { admin, type Admin } from '../support/admin.js';
import type { TestClient } from '../support/clients.js';
import { refresh } from '../support/requests.js';
import {
  Authorization,
  authorize,
  aUser,
  isSignIn,
  signIn,
  signInAndExchange,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

let app: TestApp;
let client: TestClient;
let by: Admin;

beforeAll(async () => {
  app = await startApp();
  client = await webClient(app);
  by = await admin(app);
});
afterAll(() => app.close());
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
    expect((await by.post('/revocations', { kind, ...(value && { value }), reason: 'laptop lost' })).status).toBe(201);
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
  ['the password is changed', ({ subject }) => by.post(`/users/${subject}/password`, { password: 'another long one' })],
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
