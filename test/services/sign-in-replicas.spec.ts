/** Two replicas on one PostgreSQL and one Redis, and a browser that uses both: sign-in and sign-out apply to both. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { LogoutDeliveryWorker } from '../../src/sign-out/logout-delivery.worker.js';
import { UserTaken } from '../../src/users/user-error.js';
import { bearer } from '../support/admin.js';
import type { TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { relyingParties } from '../support/relying-parties.js';
import { Replicas } from '../support/replicas.js';
import { introspect, refresh, send, type Answer } from '../support/requests.js';
import {
  agree,
  authorize,
  Authorization,
  aUser,
  isSignIn,
  signIn,
  signInAndExchange,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';
import { authenticate, createUser, PASSWORD } from '../support/users.js';
import { Visitor, type Visit } from '../support/visitor.js';

const ONLINE = 'openid read';

let replicas: Replicas;
let a: TestApp;
let b: TestApp;
let client: TestClient;
let user: TestUser;

beforeAll(async () => {
  replicas = await Replicas.prepare();
  a = await replicas.start();
  b = await replicas.start();
  client = await webClient(a, { mayIntrospect: true });
}, 60_000);
afterAll(async () => {
  await Promise.all([a, b].map((app) => app.close()));
  await replicas.release();
}, 60_000);
beforeEach(async () => {
  user = await aUser(a);
});
afterEach(() => expect([...serverErrors(a), ...serverErrors(b)]).toEqual([]));

relyingParties(() => b);

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const onBoth = <T>(count: number, request: (app: TestApp, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(times(count, (index) => request(index % 2 ? b : a, index)));

/** The same browser, sent to another replica by the load balancer. */
function sentTo(app: TestApp, { cookies }: Visitor): Visitor {
  const visitor = new Visitor(app);
  for (const [name, value] of cookies) visitor.cookies.set(name, value);
  return visitor;
}

/** A code issued by a replica. */
async function aCode(app: TestApp, visitor = new Visitor(app), overrides: Record<string, string | null> = {}) {
  const authorization = new Authorization(client, overrides);
  const answer = await authorize(app, user, authorization, visitor);
  return { redeemAt: (at: TestApp) => authorization.exchange(at, client, answer.get('code')!), visitor };
}

const isActiveOn = async (app: TestApp, token: string): Promise<boolean> =>
  (await introspect(app, client, token)).body.active as boolean;

/** Expects that all tokens in these answers are invalid on both replicas. */
async function expectDead(answers: readonly Answer[]): Promise<void> {
  for (const app of [a, b]) {
    for (const { body } of answers) {
      if (body.access_token) expect(await isActiveOn(app, body.access_token)).toBe(false);
      if (body.refresh_token) expectError(await refresh(app, client, body.refresh_token), 400, 'invalid_grant');
    }
  }
}

/** The response to prompt=none: a code, or an error. */
async function silently(visitor: Visitor, scope = ONLINE): Promise<Record<string, string>> {
  const { url, left } = await visitor.get(new Authorization(client, { prompt: 'none', scope }).path);
  expect(left).toBe(true);
  return Object.fromEntries(url.searchParams);
}

const endSession = (visitor: Visitor, idToken: string): Promise<Visit> =>
  visitor.get(`/end-session?${new URLSearchParams({ id_token_hint: idToken }).toString()}`);

/** The button on the account page whose form leads there. */
async function press(visitor: Visitor, path: string): Promise<Visit> {
  const account = await visitor.get('/account');
  return visitor.submit(
    account,
    {},
    account.forms.find(({ action }) => action === path),
  );
}

const eventsOf = async (sid: string): Promise<string[]> =>
  (await a.database.query<{ event: string }[]>('SELECT event FROM audit_events WHERE sid = $1 ORDER BY id', [sid])).map(
    ({ event }) => event,
  );

describe('a code that one replica has issued', () => {
  it('[253, 254] a code issued by one replica is redeemed at the other, once; a replay at the first revokes everything on both', async () => {
    for (const [issuer, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const code = await aCode(issuer);
      const first = await code.redeemAt(other);
      expect(first.status).toBe(200);
      const refreshed = await refresh(issuer, client, first.body.refresh_token);
      expectError(await code.redeemAt(issuer), 400, 'invalid_grant');
      await expectDead([first, refreshed]);
    }
  });

  it('[257] of fifty concurrent redemptions on both replicas one succeeds, and the replays revoke the family', async () => {
    for (let round = 0; round < 5; round++) {
      const code = await aCode(round % 2 ? a : b);
      const answers = await onBoth(50, (app) => code.redeemAt(app));
      const [won, ...others] = answers.toSorted((one, other) => one.status - other.status);
      expect(won!.status).toBe(200);
      for (const answer of others) expectError(answer, 400, 'invalid_grant');
      await expectDead([won!]);
      const familyId = decodeJwt(won!.body.access_token)['family_id'] as string;
      expect(await family(familyId)).toEqual([{ generation: 1, revoked_reason: 'code_replayed' }]);
    }
  });

  const family = (familyId: string) =>
    a.database.query<unknown[]>('SELECT generation, revoked_reason FROM token_families WHERE family_id = $1', [
      familyId,
    ]);
});

describe('a browser that is signed in at one replica', () => {
  it('a browser signed in at one replica is signed in at the other at once, and the same holds for signing out', async () => {
    for (let round = 0; round < 6; round++) {
      const [here, there] = round % 2 ? [a, b] : [b, a];
      const visitor = new Visitor(here);
      const online = await signInAndExchange(here, client, user, { scope: ONLINE }, visitor);
      const waiting = await aCode(here, visitor, { scope: ONLINE });
      expect(await silently(sentTo(there, visitor))).toHaveProperty('code');
      if (round < 3) await endSession(sentTo(there, visitor), online.body.id_token);
      else await press(sentTo(there, visitor), '/account/sign-out');
      expect(await silently(visitor)).toMatchObject({ error: 'login_required' });
      expect(await isActiveOn(here, online.body.access_token)).toBe(false);
      const asked = await send(`${here.url}/userinfo`, { headers: bearer(online.body.access_token) });
      expect([asked.status, asked.body.error]).toEqual([401, 'invalid_token']);
      expectError(await waiting.redeemAt(here), 400, 'invalid_grant');
    }
  });

  it('a browser is signed out here when its user ends everything at the other replica, offline access too', async () => {
    const [here, elsewhere] = [new Visitor(a), new Visitor(b)];
    const offline = await signInAndExchange(a, client, user, {}, here);
    const other = await signInAndExchange(b, client, user, {}, elsewhere);
    await press(sentTo(b, here), '/account/sessions/end-all');
    for (const visitor of [here, elsewhere]) {
      expect(await silently(visitor)).toMatchObject({ error: 'login_required' });
    }
    await expectDead([offline, other]);
  });

  it('each concurrent sign-in starts one session', async () => {
    const visits = await onBoth(10, async (app) => {
      const visitor = new Visitor(app);
      return { visitor, visit: await visitor.get('/sign-in') };
    });
    await Promise.all(visits.map(({ visitor, visit }) => signIn(visitor, visit, user)));
    for (const { visitor } of visits) expect(isSignIn(await sentTo(b, visitor).get('/sign-in'))).toBe(false);
    const [{ count }] = await a.database.query<[{ count: number }]>(
      'SELECT count(*)::int FROM login_sessions WHERE subject = $1 AND ended_at IS NULL',
      [user.subject],
    );
    expect(count).toBe(10);
  });
});

describe('signing out on both replicas at once', () => {
  let receiver: LogoutReceiver;
  beforeEach(async () => {
    receiver = await LogoutReceiver.start();
  });
  afterEach(() => receiver.stop());

  const deliverAll = async (): Promise<void> => {
    await Promise.all([a, b].map((app) => app.nest.get(LogoutDeliveryWorker, { strict: false }).run()));
    await eventually(async () => expect(await a.database.query('SELECT id FROM logout_notices')).toEqual([]));
  };

  it('concurrent sign-outs on both replicas end the session once and notify its client once', async () => {
    const told = await webClient(a, { backchannelLogoutUri: receiver.uri });
    const visitor = new Visitor(a);
    const { body } = await signInAndExchange(a, told, user, { scope: ONLINE }, visitor);
    const sid = decodeJwt(body.id_token)['sid'] as string;
    const visits = await onBoth(6, (app) => endSession(sentTo(app, visitor), body.id_token));
    expect(visits.map(({ status }) => status)).toEqual(times(6, () => 200));
    await deliverAll();
    expect(receiver.received).toHaveLength(1);
    expect((await eventsOf(sid)).filter((event) => !event.startsWith('code.'))).toEqual([
      'user.signed_in',
      'session.ended',
      'logout.delivered',
    ]);
  });

  it('signing out of many sessions notifies each of their clients once, whichever replica delivers', async () => {
    const clients = await Promise.all(times(3, () => webClient(a, { backchannelLogoutUri: receiver.uri })));
    const sessions: { visitor: Visitor; idToken: string }[] = [];
    for (let index = 0; index < 12; index++) {
      const visitor = new Visitor(index % 2 ? a : b);
      const answers: Answer[] = [];
      for (const each of clients) answers.push(await signInAndExchange(a, each, user, { scope: ONLINE }, visitor));
      sessions.push({ visitor, idToken: answers[0]!.body.id_token as string });
    }
    await Promise.all(sessions.map(({ visitor, idToken }) => endSession(visitor, idToken)));
    await deliverAll();
    const told = receiver.tokens.map((token) => `${String(decodeJwt(token).aud)} ${String(decodeJwt(token)['sid'])}`);
    const expected = sessions.flatMap(({ idToken }) =>
      clients.map(({ clientId }) => `${clientId} ${String(decodeJwt(idToken)['sid'])}`),
    );
    expect(told.toSorted()).toEqual(expected.toSorted());
  });

  it('signing out while codes are issued and redeemed leaves only offline families valid', async () => {
    for (let round = 0; round < 25; round++) {
      const [here, there] = round % 2 ? [a, b] : [b, a];
      const visitor = new Visitor(here);
      const first = await signInAndExchange(here, client, user, { scope: ONLINE }, visitor);
      const waiting = await aCode(here, visitor, { scope: ONLINE });
      const late = new Authorization(client, { prompt: 'none', scope: ONLINE });
      const [redeemed, silent] = await Promise.all([
        waiting.redeemAt(here),
        sentTo(here, visitor).get(late.path),
        endSession(sentTo(there, visitor), first.body.id_token),
      ]);
      const code = silent.url.searchParams.get('code');
      if (code === null) expect(silent.url.searchParams.get('error')).toBe('login_required');
      else expectError(await late.exchange(there, client, code), 400, 'invalid_grant');
      expect([200, 400]).toContain(redeemed.status);
      await expectDead([first, redeemed]);
    }
  }, 120_000);
});

describe('consenting on both replicas at once', () => {
  const questions = async (scopes: readonly string[]) => {
    const visitor = new Visitor(a);
    await signIn(visitor, await visitor.get('/sign-in'), user);
    return Promise.all(
      scopes.map(async (scope, index) => {
        const authorization = new Authorization(client, { scope, prompt: 'consent' });
        const browser = sentTo(index % 2 ? a : b, visitor);
        return { authorization, browser, visit: await browser.get(authorization.path) };
      }),
    );
  };

  it('concurrent consents on both replicas for different scopes all count, and each answer has its own code', async () => {
    const scopes = ['read', 'write', 'profile', 'email', 'address', 'phone'].map((scope) => `openid ${scope}`);
    const asked = await questions([...scopes, ...scopes]);
    const answers = await Promise.all(
      asked.map(async ({ authorization, browser, visit }) => {
        const { url } = await agree(browser, visit);
        return authorization.exchange(a, client, url.searchParams.get('code') ?? '');
      }),
    );
    expect(answers.map(({ status, body }) => [status, body.scope])).toEqual(
      [...scopes, ...scopes].map((scope) => [200, scope]),
    );
    const [{ scope }] = await a.database.query<[{ scope: string[] }]>('SELECT scope FROM consents WHERE subject = $1', [
      user.subject,
    ]);
    expect(scope.toSorted()).toEqual(['address', 'email', 'openid', 'phone', 'profile', 'read', 'write']);
  });

  it('a consent withdrawn at that moment leaves no access without consent', async () => {
    const visitor = new Visitor(a);
    await signInAndExchange(a, client, user, {}, visitor);
    const holder = await another();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM login_sessions WHERE subject = $1 FOR UPDATE', [user.subject]);
    // It has locked the consent, and waits for the session.
    const late = new Authorization(client, { prompt: 'none' });
    const waiting = sentTo(a, visitor).get(late.path);
    await eventually(async () => expect(await waitingForLocks()).toBe(1));
    await press(sentTo(b, visitor), '/account/consents/withdraw');
    expect(await b.database.query('SELECT 1 FROM consents WHERE subject = $1', [user.subject])).toEqual([]);
    await holder.query('ROLLBACK');
    await holder.end();
    expect(Object.fromEntries((await waiting).url.searchParams)).toMatchObject({ error: 'consent_required' });
    expect(await liveFamilies()).toEqual([]);
  });

  async function another(): Promise<pg.Client> {
    const holder = new pg.Client({ connectionString: replicas.databaseUrl });
    holder.on('error', () => undefined); // it may outlive the server when a test fails
    await holder.connect();
    return holder;
  }

  const waitingForLocks = async (): Promise<number> =>
    (
      await b.database.query<unknown[]>(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      )
    ).length;

  const liveFamilies = () =>
    b.database.query<unknown[]>('SELECT family_id FROM token_families WHERE subject = $1 AND revoked_at IS NULL', [
      user.subject,
    ]);
});

describe('users made on both replicas at once', () => {
  it('concurrent users on both replicas get each username once, however it is spelled, and can sign in at both', async () => {
    const spellings = ['Zoë@example.com', 'ZOË@EXAMPLE.COM', 'zoe\u0308@example.com'];
    const made = await onBoth(18, (app, index) =>
      createUser(app, spellings[index % 3]!).then(
        ({ subject }) => subject,
        (error: unknown) => error,
      ),
    );
    const [subject, ...more] = made.filter((one) => typeof one === 'string');
    expect(more).toEqual([]);
    for (const one of made) if (one !== subject) expect(one).toBeInstanceOf(UserTaken);
    for (const app of [a, b]) {
      expect(await authenticate(app, 'zoë@example.com', PASSWORD)).toMatchObject({ verdict: 'ok', subject });
    }
  });

  it('concurrent users with different usernames are all created', async () => {
    const made = await onBoth(20, (app, index) => createUser(app, `parallel${index}`));
    expect(new Set(made.map(({ subject }) => subject)).size).toBe(20);
  });
});
