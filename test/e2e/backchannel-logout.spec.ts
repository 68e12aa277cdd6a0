/** Back-channel logout (OpenID Connect Back-Channel Logout 1.0), from a user's sign-out to the client's endpoint. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { LogoutDeliveryWorker } from '../../src/sign-out/logout-delivery.worker.js';
import { LoginSessions } from '../../src/sessions/login-sessions.service.js';
import { SignOut } from '../../src/sign-out/sign-out.service.js';
import type { ClientRegistration } from '../../src/clients/client-registration.js';
import type { TestClient } from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { eventually } from '../support/eventually.js';
import { LogoutReceiver, silence, status } from '../support/logout-receiver.js';
import { send } from '../support/requests.js';
import { aUser, isSignIn, signIn, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

let app: TestApp;
let receiver: LogoutReceiver;
let user: TestUser;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  [receiver, user] = await Promise.all([LogoutReceiver.start(), aUser(app)]);
});
afterEach(async () => {
  await receiver.stop();
  await app.database.query('DELETE FROM logout_notices');
});

const told = (overrides: Partial<ClientRegistration> = {}): Promise<TestClient> =>
  webClient(app, { backchannelLogoutUri: receiver.uri, ...overrides });

/** @returns the ID token */
async function signInAt(client: TestClient, visitor: Visitor, scope = 'openid', who = user): Promise<string> {
  return (await signInAndExchange(app, client, who, { scope }, visitor)).body.id_token as string;
}

const signOut = (visitor: Visitor, idToken: string) =>
  visitor.get(`/end-session?${new URLSearchParams({ id_token_hint: idToken }).toString()}`);

const worker = () => app.nest.get(LogoutDeliveryWorker, { strict: false });

const verify = async (token: string, audience: string) => {
  const { body } = await send(`${app.url}/jwks`);
  return jwtVerify(token, createLocalJWKSet(body as JSONWebKeySet), {
    issuer: app.issuer,
    audience,
    typ: 'logout+jwt',
    currentDate: new Date(app.clock.now()),
  });
};

const waiting = async (): Promise<number> =>
  (await app.database.query<[{ count: number }]>('SELECT count(*)::int AS count FROM logout_notices'))[0].count;

const allDelivered = () => eventually(async () => expect(await waiting()).toBe(0));

describe('when a user signs out', () => {
  it('each client that the user was signed in at gets a logout token that the JWKS verifies', async () => {
    const visitor = new Visitor(app);
    const clients = [await told(), await told({ idTokenSignedResponseAlg: 'ES256' })];
    const idTokens = [await signInAt(clients[0]!, visitor), await signInAt(clients[1]!, visitor)];
    await signInAt(await webClient(app), visitor);
    await signOut(visitor, idTokens[0]!);
    await receiver.hasReceived(2);
    await allDelivered();
    expect(receiver.received).toHaveLength(2);
    for (const [index, client] of clients.entries()) {
      const token = receiver.tokens.find((one) => decodeJwt(one).aud === client.clientId)!;
      const { payload, protectedHeader } = await verify(token, client.clientId);
      const idToken = decodeJwt(idTokens[index]!);
      expect(payload).toMatchObject({ sub: idToken.sub, sid: idToken['sid'], jti: expect.any(String) });
      expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(120);
      expect(payload['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
      expect(payload).not.toHaveProperty('nonce');
      expect(protectedHeader.alg).toBe(decodeProtectedHeader(idTokens[index]!).alg);
    }
    expect(clients.map((_, index) => decodeProtectedHeader(idTokens[index]!).alg)).toEqual(['RS256', 'ES256']);
  });

  it('a client that keeps its refresh token is notified too, once, however many codes it got', async () => {
    const visitor = new Visitor(app);
    const client = await told();
    await signInAt(client, visitor, 'openid offline_access');
    await signInAt(client, visitor, 'openid');
    await signOut(visitor, await signInAt(client, visitor, 'openid'));
    await allDelivered();
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    ['the same user', () => user],
    ['another user', () => aUser(app)],
  ])(
    'a user who was away and came back as %s in the same browser: all their clients are notified',
    async (_title, who) => {
      const visitor = new Visitor(app);
      const before = await told();
      await signInAt(before, visitor, 'openid offline_access');
      app.clock.advanceSeconds(9 * 3600);
      const after = await told();
      await signOut(visitor, await signInAt(after, visitor, 'openid', await who()));
      await allDelivered();
      const heard = receiver.tokens.map((token) => decodeJwt(token).aud);
      expect(heard.sort()).toEqual([before.clientId, after.clientId].sort());
    },
  );

  it('clients of the user’s other browsers are not notified', async () => {
    const [here, there] = [new Visitor(app), new Visitor(app)];
    const client = await told();
    const [idToken, other] = [await signInAt(client, here), await signInAt(client, there)];
    await signOut(here, idToken);
    await allDelivered();
    expect(receiver.tokens.map((token) => decodeJwt(token)['sid'])).toEqual([decodeJwt(idToken)['sid']]);
    expect(decodeJwt(other)['sid']).not.toBe(decodeJwt(idToken)['sid']);
  });

  it('signing out everywhere notifies the clients of each browser of their own session', async () => {
    const [here, there] = [new Visitor(app), new Visitor(app)];
    const [client, other] = [await told(), await told()];
    const sids = [await signInAt(client, here), await signInAt(client, there), await signInAt(other, there)].map(
      (idToken) => String(decodeJwt(idToken)['sid']),
    );
    const page = await here.get('/account');
    const form = page.forms.find(({ action }) => action === '/account/sessions/end-all');
    await here.submit(page, {}, form);
    await allDelivered();
    const heard = receiver.tokens
      .map((token) => decodeJwt(token))
      .map(({ aud, sid }) => `${String(aud)} ${String(sid)}`);
    expect(heard.sort()).toEqual(
      [`${client.clientId} ${sids[0]}`, `${client.clientId} ${sids[1]}`, `${other.clientId} ${sids[2]}`].sort(),
    );
    expect(sids[1]).toBe(sids[2]);
    const rows = await app.database.query<{ sid: string; detail: { notices: number } }[]>(
      `SELECT sid, detail FROM audit_events WHERE event = 'session.ended' AND subject = $1`,
      [user.subject],
    );
    expect(new Map(rows.map(({ sid, detail }) => [sid, detail.notices]))).toEqual(
      new Map([
        [sids[0], 1],
        [sids[1], 2],
      ]),
    );
  });

  it('signing out everywhere ends each of a thousand sessions', async () => {
    const visitor = new Visitor(app);
    const client = await told();
    await signInAt(client, visitor);
    const [{ id }] = await app.database.query<[{ id: string }]>('SELECT id FROM login_sessions WHERE subject = $1', [
      user.subject,
    ]);
    await app.database.query(
      `INSERT INTO login_sessions SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'cookie_digest', '\\x' || md5(n::text)))).*
       FROM login_sessions s, generate_series(1, 1000) n WHERE s.id = $1`,
      [id],
    );
    const page = await visitor.get('/account');
    const form = page.forms.find(({ action }) => action === '/account/sessions/end-all');
    expect((await visitor.submit(page, {}, form)).html).toContain('You are signed out');
    const [{ count }] = await app.database.query<[{ count: number }]>(
      `SELECT count(*)::int AS count FROM audit_events WHERE event = 'session.ended' AND subject = $1`,
      [user.subject],
    );
    expect(count).toBe(1001);
    await allDelivered();
    expect(receiver.received).toHaveLength(1);
  });

  it('signing in as another user notifies the clients of the first one', async () => {
    const visitor = new Visitor(app);
    const client = await told();
    const idToken = await signInAt(client, visitor);
    const successor = await aUser(app);
    const page = await visitor.get(`/authorize?${new URLSearchParams(await requestFor(client)).toString()}`);
    expect(isSignIn(page)).toBe(true);
    await signIn(visitor, page, successor);
    await allDelivered();
    expect(receiver.tokens.map((token) => decodeJwt(token))).toMatchObject([
      { sub: user.subject, sid: decodeJwt(idToken)['sid'] },
    ]);
  });

  const requestFor = async ({ clientId }: TestClient) => ({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: 'https://client.test/back',
    scope: 'openid',
    prompt: 'login',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });

  it('twenty concurrent sign-outs end the session once and notify each client once', async () => {
    const visitor = new Visitor(app);
    const client = await told();
    const sid = decodeJwt(await signInAt(client, visitor))['sid'] as string;
    const session = (await app.nest.get(LoginSessions, { strict: false }).find(sid))!;
    const signOuts = app.nest.get(SignOut, { strict: false });
    const origin = { actor: 'test', correlationId: 'twenty' };
    await Promise.all(Array.from({ length: 20 }, () => signOuts.signOut(session, 'test', origin)));
    await allDelivered();
    expect(receiver.received).toHaveLength(1);
    expect(await events(sid)).toEqual(['user.signed_in', 'session.ended', 'logout.delivered']);
  });

  const events = async (sid: string): Promise<string[]> =>
    (
      await app.database.query<{ event: string }[]>(
        `SELECT event FROM audit_events WHERE sid = $1 AND event !~ 'code|token' ORDER BY id`,
        [sid],
      )
    ).map(({ event }) => event);

  it('a failed sign-out notifies no client', async () => {
    const visitor = new Visitor(app);
    const idToken = await signInAt(await told(), visitor);
    await app.database.query('ALTER TABLE audit_events RENAME TO audit_events_away');
    try {
      expect((await signOut(visitor, idToken)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await app.database.query('ALTER TABLE audit_events_away RENAME TO audit_events');
    }
    expect(await waiting()).toBe(0);
    await worker().run();
    expect(receiver.received).toEqual([]);
  });
});

describe('a client that is slow', () => {
  it('a slow client does not delay the user’s sign-out', async () => {
    receiver.answer = silence;
    const visitor = new Visitor(app);
    const idToken = await signInAt(await told(), visitor);
    const startedAt = performance.now();
    expect((await signOut(visitor, idToken)).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await receiver.hasReceived(1);
    expect(await waiting()).toBe(1);
  });

  it('a slow client is notified again with another token, and the metrics count both', async () => {
    receiver.answer = status(503);
    const visitor = new Visitor(app);
    const idToken = await signInAt(await told(), visitor);
    await signOut(visitor, idToken);
    await worker().run();
    await receiver.hasReceived(1);
    receiver.answer = status(200);
    app.clock.advanceSeconds(5);
    await worker().run();
    expect(receiver.received).toHaveLength(2);
    expect(new Set(receiver.tokens.map((token) => decodeJwt(token).jti)).size).toBe(2);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(/^rekey_logout_deliveries_total\{outcome="failed"\} [1-9]/m);
    expect(metrics).toMatch(/^rekey_logout_deliveries_total\{outcome="delivered"\} [1-9]/m);
  });
});

it('no logout token is ever logged or stored', async () => {
  const visitor = new Visitor(app);
  await signOut(visitor, await signInAt(await told(), visitor));
  await allDelivered();
  const [token] = receiver.tokens;
  const [, , signature] = token!.split('.');
  expect(app.logs.filter((line) => line.includes(signature!))).toEqual([]);
  expect(await dumpDatabase(app.database)).not.toContain(signature!);
});
