/**
 * Passwords, cookies, codes, verifiers and form tokens go through complete sign-ins, user mistakes and failures, and then must be
 * in no log line, metric, error, admin response or table; and no page leaks its URL to another site.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { QueryFailedError } from 'typeorm';
import { IssuanceService } from '../../src/issuance/issuance.service.js';
import { ConsentRepository } from '../../src/consent/consent.repository.js';
import { LoginSessionRepository } from '../../src/sessions/login-session.repository.js';
import { LogoutDeliveryWorker } from '../../src/sign-out/logout-delivery.worker.js';
import { FamiliesRepository } from '../../src/families/families.repository.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { PasswordHasher } from '../../src/passwords/password-hasher.service.js';
import { UserRepository } from '../../src/users/user.repository.js';
import { admin, bearer, type Admin } from '../support/admin.js';
import { Canaries } from '../support/canaries.js';
import type { TestClient } from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { cookieHeader } from '../support/provision-sign-in.js';
import { exchange, FORM } from '../support/raw-http.js';
import { introspect, postForm, refresh, revoke, send } from '../support/requests.js';
import {
  agree,
  Authorization,
  aUser,
  isConsent,
  isSignIn,
  signIn,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { startApp, TEST_SECRET, type TestApp } from '../support/test-app.js';
import { Visitor, type Visit } from '../support/visitor.js';

const HOME = 'https://client.test/home';

interface Seen {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

let app: TestApp;
let caller: Admin;
let receiver: LogoutReceiver;
const canaries = new Canaries();
/** Every answer of the service, redirects too. */
const seen: Seen[] = [];
const seenByAdmin: string[] = [];

beforeAll(async () => {
  app = await startApp();
  watchAnswers();
  receiver = await LogoutReceiver.start();
  caller = await admin(app);
  canaries.add('master key', TEST_SECRET);
  canaries.add('admin token', caller.token);
  await ordinaryDays();
  await clumsyHands();
  await badDays();
  await lookOver();
}, 120_000);
afterAll(async () => {
  jest.restoreAllMocks();
  await receiver.stop();
  await app.close();
});

function watchAnswers(): void {
  const real = globalThis.fetch;
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (target, init) => {
    const response = await real(target, init);
    const url = new URL(target instanceof Request ? target.url : target);
    if (url.origin === new URL(app.url).origin) {
      seen.push({ url, status: response.status, headers: response.headers, text: await response.clone().text() });
    }
    return response;
  });
}

/** The secrets in a page and in the cookies of this browser. */
function noted(visitor: Visitor, visit: Visit): Visit {
  for (const form of visit.forms) {
    const { form_token: token, code } = form.fields;
    if (token !== undefined) canaries.add('form token', token);
    if (code !== undefined) canaries.add('code', code);
  }
  for (const [name, value] of visitor.cookies) canaries.add(`cookie ${name}`, value);
  const code = visit.left ? visit.url.searchParams.get('code') : null;
  if (code !== null) canaries.add('code', code);
  return visit;
}

async function someone(): Promise<TestUser> {
  const user = await aUser(app, { email: 'canary@example.org' });
  canaries.add('password', user.password);
  return user;
}

async function someClient(overrides: Parameters<typeof webClient>[1] = {}): Promise<TestClient> {
  const client = await webClient(app, {
    postLogoutRedirectUris: [HOME],
    backchannelLogoutUri: receiver.uri,
    ...overrides,
  });
  canaries.addCredentials('client', client.clientId, client.secret!);
  return client;
}

function asked(client: TestClient, overrides: Record<string, string | null> = {}): Authorization {
  const authorization = new Authorization(client, overrides);
  canaries.add('code verifier', authorization.codeVerifier);
  return authorization;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token: string;
}

function known(tokens: Tokens): Tokens {
  canaries.add('access token', tokens.access_token);
  canaries.add('ID token', tokens.id_token);
  canaries.add('ID token: signature', tokens.id_token.split('.')[2]!);
  if (tokens.refresh_token) canaries.addRefreshToken('refresh token', tokens.refresh_token);
  return tokens;
}

/** Sign-in if asked, and consent. */
async function arrive(visitor: Visitor, user: TestUser, authorization: Authorization): Promise<Visit> {
  let visit = noted(visitor, await visitor.get(authorization.path));
  if (isSignIn(visit)) visit = noted(visitor, await signIn(visitor, visit, user));
  return noted(visitor, isConsent(visit) ? await agree(visitor, visit) : visit);
}

/** @returns the tokens, and the code they were issued for */
async function journey(client: TestClient, user: TestUser, visitor: Visitor, overrides: Record<string, string> = {}) {
  const authorization = asked(client, overrides);
  const visit = await arrive(visitor, user, authorization);
  const code = visit.url.searchParams.get('code') ?? visit.forms[0]!.fields['code']!;
  const { body } = await authorization.exchange(app, client, code);
  return { tokens: known(body as Tokens), code, authorization };
}

async function ordinaryDays(): Promise<void> {
  for (const overrides of [{}, { accessTokenFormat: 'opaque' as const }]) {
    const [client, user, visitor] = [await someClient(overrides), await someone(), new Visitor(app)];
    const { tokens, code, authorization } = await journey(client, user, visitor);
    await journey(client, user, visitor, { response_mode: 'form_post' });
    const online = await journey(client, user, visitor, { scope: 'openid read', prompt: 'login' });
    const next = await refresh(app, client, tokens.refresh_token!);
    known(next.body as Tokens);
    await introspect(app, client, tokens.access_token);
    await send(`${app.url}/userinfo`, { headers: bearer(tokens.access_token) });
    await postForm(`${app.url}/userinfo`, { access_token: tokens.access_token });
    await authorization.exchange(app, client, code);
    await revoke(app, client, next.body.refresh_token);
    noted(visitor, await visitor.get('/account'));
    await send(`${app.url}/account/data`, { headers: { ...cookieHeader(visitor), accept: 'application/json' } });
    const goodbye = { id_token_hint: online.tokens.id_token, post_logout_redirect_uri: HOME, state: 's' };
    noted(visitor, await visitor.get(`/end-session?${new URLSearchParams(goodbye).toString()}`));
    await journey(client, user, visitor);
    const question = noted(visitor, await visitor.post('/end-session', { id_token_hint: tokens.id_token }));
    noted(visitor, await visitor.submit(question));
  }
  await app.nest.get(LogoutDeliveryWorker, { strict: false }).run();
  for (const token of receiver.tokens) canaries.add('logout token', token);
}

/** Users and programs that send secrets in the wrong places. */
async function clumsyHands(): Promise<void> {
  const [client, user, visitor] = [await someClient(), await someone(), new Visitor(app)];
  const { tokens, code } = await journey(client, user, visitor);
  const form = noted(visitor, await visitor.get(asked(client, { prompt: 'login' }).path));
  const wrong = 'a wrong password 0123456789';
  canaries.add('wrong password', wrong);
  await visitor.submit(form, { username: user.username, password: wrong });
  await visitor.submit(form, { username: user.username, password: '', [user.password]: user.password });
  const cookie = visitor.cookies.get('rekey-session')!;
  const formToken = form.forms[0]!.fields['form_token']!;
  for (const secret of [user.password, cookie, code, tokens.access_token, tokens.id_token, formToken]) {
    const encoded = encodeURIComponent(secret);
    for (const path of ['/authorize', '/sign-in', '/consent', '/end-session', '/account', '/userinfo', '/token']) {
      await send(`${app.url}${path}/${encoded}`, { headers: { 'x-request-id': secret.slice(0, 2000) } });
      await send(`${app.url}${path}?access_token=${encoded}&code=${encoded}&%zz`, { redirect: 'manual' });
      await postForm(`${app.url}${path}`, { [secret]: secret, x: secret }, { referer: `https://x.test/?t=${encoded}` });
      await postForm(`${app.url}${path}`, secret, { 'content-type': 'text/plain', 'user-agent': secret });
      const broken = await exchange(app.url, { path: `${path}%zz${encoded}`, headers: [FORM], body: secret });
      seen.push({ url: new URL(`${app.url}${path}%zz`), ...broken });
    }
    await visitor.get(asked(client, { client_id: secret }).path);
    await visitor.get(asked(client, { redirect_uri: secret }).path);
    await send(`${app.url}/userinfo`, { headers: { authorization: `Bearer ${secret}x` } });
    await send(`${app.url}/sign-in`, { headers: { cookie: `${secret}=x; rekey-session=${secret}` } });
    const refused = { ...form.forms[0]!.fields, form_token: secret, username: 'x', password: secret };
    await visitor.post('/sign-in', refused);
    await visitor.post('/sign-in', { ...form.forms[0]!.fields, ...user }, { origin: 'https://evil.test' });
  }
}

/** A database that fails at each step of a sign-in, with all possible details in its error. */
async function badDays(): Promise<void> {
  const [client, user, visitor] = [await someClient(), await someone(), new Visitor(app)];
  const signInForm = noted(visitor, await visitor.get(asked(client).path));
  await failing(UserRepository, 'findByKey', () => signIn(visitor, signInForm, user));
  await failing(PasswordHasher, 'verify', () => signIn(visitor, signInForm, user));
  await failing(LoginSessionRepository, 'insert', () => signIn(visitor, signInForm, user));
  const consent = noted(visitor, await signIn(visitor, signInForm, user));
  await failing(ConsentRepository, 'add', () => agree(visitor, consent));
  await failing(FamiliesRepository, 'insert', () => agree(visitor, consent));
  await failing(LoginSessionRepository, 'findLive', () => agree(visitor, consent));
  const redeem = async () => {
    const authorization = asked(client);
    const { url } = await arrive(visitor, user, authorization);
    return authorization.exchange(app, client, url.searchParams.get('code')!);
  };
  await failing(TokenFamilyRepository, 'rotate', redeem);
  await failing(IssuanceService, 'issue', redeem);
  const { tokens } = await journey(client, user, visitor);
  await failing(UserRepository, 'find', () => send(`${app.url}/userinfo`, { headers: bearer(tokens.access_token) }));
  await failing(LoginSessionRepository, 'end', () =>
    visitor.get(`/end-session?${new URLSearchParams({ id_token_hint: tokens.id_token }).toString()}`),
  );
  await failing(FamiliesRepository, 'revokeEach', () =>
    visitor.get(`/end-session?${new URLSearchParams({ id_token_hint: tokens.id_token }).toString()}`),
  );
}

/** Once an unavailable and once a broken database, with all arguments in the error, like TypeORM. */
async function failing<T extends object>(
  type: abstract new (...rest: never[]) => T,
  method: keyof T & string,
  action: () => Promise<unknown>,
): Promise<void> {
  for (const code of ['57P01', 'XX000']) {
    const target = app.nest.get<Record<string, () => unknown>>(type, { strict: false });
    const spy = jest.spyOn(target, method).mockImplementation((...values: unknown[]) => {
      const inside = JSON.stringify(values, (_, value: unknown) => (isManager(value) ? undefined : value));
      const cause = Object.assign(new Error(`duplicate key value: ${inside}`), { code, detail: `Key (x)=(${inside})` });
      throw new QueryFailedError(`INSERT INTO x -- ${inside}`, values, cause);
    });
    const before = seen.length;
    await action();
    expect(spy).toHaveBeenCalled();
    expect(seen.slice(before).some(({ status }) => status >= 500)).toBe(true);
    spy.mockRestore();
  }
}

const isManager = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'connection' in value && 'queryRunner' in value;

/** An admin reads every resource. */
async function lookOver(): Promise<void> {
  const pages = ['/clients', '/families', '/users', '/audit', '/revocations', '/keys'];
  for (const page of pages) {
    const answer = await caller.get(`${page}?limit=200`.replace('/keys?limit=200', '/keys'));
    expect([page, answer.status]).toEqual([page, 200]);
    seenByAdmin.push(answer.text, JSON.stringify([...answer.headers]));
  }
  const handles = await app.database.query<{ id: string }[]>('SELECT id FROM token_families');
  for (const { id } of handles) {
    canaries.add('handle', id);
    canaries.add('handle', id.replaceAll('-', ''));
  }
}

const asText = ({ headers, text }: Seen): string => `${JSON.stringify([...headers])} ${text}`;

const below = (path: string) => (answer: Seen) =>
  answer.url.pathname === path || answer.url.pathname.startsWith(`${path}/`);

const isOfPeople = (answer: Seen): boolean =>
  ['/authorize', '/sign-in', '/consent', '/end-session', '/account'].some((path) => below(path)(answer));

it('[297] no log line contains a secret, at level trace', () => {
  const log = app.logs.join('');
  for (const route of ['/authorize', '/sign-in', '/consent', '/end-session', '/userinfo', '/token']) {
    expect(log).toContain(`"route":"${route}"`);
  }
  for (const status of [200, 303, 400, 403, 404, 500, 503]) expect(log).toContain(`"status":${status}`);
  expect(canaries.leaksIn(log)).toEqual([]);
});

it('[297] no URL is logged with its query', () => {
  expect(app.logs.filter((line) => /\?|code=|id_token_hint|state=|the-state|the-nonce/.test(line))).toEqual([]);
});

it('[297] no error contains a secret', () => {
  const errors = seen.filter(({ status }) => status >= 400);
  expect(errors.length).toBeGreaterThan(100);
  for (const status of [400, 401, 403, 404, 405, 500, 503]) {
    expect(errors.map((answer) => answer.status)).toContain(status);
  }
  // The form that is shown again contains its token and the typed username.
  const forms = errors.filter(({ status, text }) => status === 403 && isSignIn({ html: text } as Visit));
  const others = errors.filter((answer) => !forms.includes(answer));
  expect(canaries.leaksIn(others.map(asText).join('\n'))).toEqual([]);
  expect(forms.length).toBeGreaterThan(0);
  const leaks = canaries.leaksIn(forms.map(asText).join('\n'));
  expect(leaks.filter((leak) => !leak.startsWith('form token in'))).toEqual([]);
});

it('[297] no error reveals internals of the service', () => {
  const texts = seen.filter(({ status }) => status >= 500).map(asText);
  expect(texts.length).toBeGreaterThan(10);
  const withoutStyle = texts.map((text) => text.replace(/<style>.*?<\/style>/s, ''));
  expect(
    withoutStyle.filter((text) => /\bat .+\.[jt]s:\d+|token_families|login_sessions|INSERT|QueryFailed/.test(text)),
  ).toEqual([]);
});

it('[297] a page contains its form token and no other secret, except the one that passes a code to the client', () => {
  const pages = seen.filter(({ status, headers }) => status === 200 && /html/.test(headers.get('content-type') ?? ''));
  const bringing = pages.filter(({ text }) => text.includes('name="code"'));
  const others = pages.filter((page) => !bringing.includes(page)).map(({ text }) => text);
  expect([bringing.length > 0, others.length > 10]).toEqual([true, true]);
  const leaks = canaries.leaksIn(others.join('\n'));
  expect(leaks.filter((leak) => !leak.startsWith('form token in'))).toEqual([]);
});

it('[297] no redirect within the service contains a secret, except the hint of a client that sent it by POST', () => {
  const own = seen
    .map(({ headers }) => headers.get('location'))
    .filter((location): location is string => location !== null && location.startsWith('/'));
  expect(own.length).toBeGreaterThan(5);
  const hints = own.filter((location) => location.startsWith('/end-session?id_token_hint='));
  expect(hints.length).toBeGreaterThan(0);
  expect(canaries.leaksIn(own.filter((location) => !hints.includes(location)).join('\n'))).toEqual([]);
  const leaks = canaries.leaksIn(hints.join('\n'));
  expect(leaks.filter((leak) => !leak.startsWith('ID token'))).toEqual([]);
});

it('[297] no metric contains a secret', async () => {
  const { text } = await send(`${app.url}/metrics`);
  expect(text).toContain('route="/authorize"');
  expect(canaries.leaksIn(text)).toEqual([]);
});

it('[297] no admin response contains a secret', () => {
  const text = seenByAdmin.join('\n');
  expect(text).toContain('user.signed_in');
  expect(canaries.leaksIn(text)).toEqual([]);
});

it('[297] the database contains no secret, including the audit log', async () => {
  const dump = await dumpDatabase(app.database);
  for (const event of ['user.signed_in', 'user.sign_in_refused', 'code.redeemed', 'code.replayed', 'session.ended']) {
    expect(dump).toContain(`audit_events.event: "${event}"`);
  }
  expect(canaries.leaksIn(dump)).toEqual([]);
});

it('no response to a browser leaks its URL to other sites or may be cached', () => {
  const answers = seen.filter(isOfPeople);
  expect(answers.length).toBeGreaterThan(50);
  const policies = answers.map(({ url, status, headers }) => ({
    at: `${url.pathname} ${status}`,
    referrer: headers.get('referrer-policy'),
    cache: headers.get('cache-control'),
  }));
  expect(policies.filter(({ referrer, cache }) => referrer !== 'same-origin' || cache !== 'no-store')).toEqual([]);
});

it('a code is sent only to the client that requested it', () => {
  const withCode = seen.filter(({ headers }) => /[?&]code=/.test(headers.get('location') ?? ''));
  expect(withCode.length).toBeGreaterThan(5);
  for (const { headers } of withCode) {
    expect(headers.get('location')).toMatch(/^https:\/\/client\.test\/back\?code=ac_/);
    expect(headers.get('referrer-policy')).toBe('same-origin');
  }
});

it('[297] the search would find a secret', async () => {
  const [client, user, visitor] = [await someClient(), await someone(), new Visitor(app)];
  const { tokens, code, authorization } = await journey(client, user, visitor);
  for (const secret of [user.password, code, authorization.codeVerifier, tokens.access_token, tokens.id_token]) {
    expect(canaries.leaksIn(`x ${secret} y`)).not.toEqual([]);
    expect(canaries.leaksIn(`x ${encodeURIComponent(secret)} y`)).not.toEqual([]);
  }
  for (const value of visitor.cookies.values()) expect(canaries.leaksIn(value)).not.toEqual([]);
  expect(canaries.leaksIn(decodeJwt(tokens.id_token).sub!)).toEqual([]);
});
