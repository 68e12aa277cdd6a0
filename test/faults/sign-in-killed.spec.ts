/** The service is killed (SIGKILL) while it redeems a code or signs a user out: the change is complete or has not happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { newVisitor, registerUser, registerWebClient, siteOf } from '../support/provision-sign-in.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh } from '../support/requests.js';
import { Authorization, authorize, isSignIn, signInAndExchange, type TestUser } from '../support/sign-in.js';
import { Road } from '../support/road.js';
import { Visitor } from '../support/visitor.js';

let deployment: Deployment;
let rekey: RekeyProcess;
let receiver: LogoutReceiver;
let client: TestClient;
let user: TestUser;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
  receiver = await LogoutReceiver.start();
  client = await registerWebClient(rekey, { backchannel_logout_uri: receiver.uri });
});
afterAll(async () => {
  await deployment.stop();
  await receiver.stop();
});
beforeEach(async () => {
  user = await registerUser(rekey);
});

/** A replica for which PostgreSQL's answers can be cut off while its statements still arrive. */
let road: Road;
let doomed: RekeyProcess;

const startDoomed = async (): Promise<void> => {
  const url = new URL(deployment.databaseUrl);
  road = await Road.to(Number(url.port));
  url.port = String(road.entrance);
  doomed = await deployment.replica({ databaseUrl: url.href });
  expect((await introspect(doomed, client, 'x')).status).toBe(200);
};

afterEach(async () => {
  road?.close();
  await doomed?.kill();
});

const waiting = async (): Promise<number> =>
  (await deployment.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length;

/** The same browser at another replica. */
function sentTo(at: RekeyProcess, { cookies }: Visitor): Visitor {
  const visitor = newVisitor(at);
  for (const [name, value] of cookies) visitor.cookies.set(name, value);
  return visitor;
}

/** The outcome of a request whose answer is not awaited any more. */
const outcome = (request: Promise<{ status: number }>): Promise<number | 'no answer'> =>
  request.then(
    ({ status }) => status,
    () => 'no answer' as const,
  );

describe('killed while it redeems a code', () => {
  /** An unredeemed code and its family. */
  async function aCode(at: RekeyProcess) {
    const visitor = newVisitor(at);
    const authorization = new Authorization(client);
    const answer = await authorize(siteOf(at), user, authorization, visitor);
    const [{ family_id: familyId }] = (await deployment.query<{ family_id: string }>(
      'SELECT family_id FROM token_families WHERE subject = $1',
      [user.subject],
    )) as [{ family_id: string }];
    return { visitor, familyId, redeem: (by: RekeyProcess) => authorization.exchange(by, client, answer.get('code')!) };
  }

  const family = async (familyId: string) =>
    (
      await deployment.query<{ generation: number; revoked_reason: string | null }>(
        'SELECT generation, revoked_reason FROM token_families WHERE family_id = $1',
        [familyId],
      )
    )[0];

  const events = async (familyId: string): Promise<string[]> =>
    (
      await deployment.query<{ event: string }>('SELECT event FROM audit_events WHERE family_id = $1 ORDER BY id', [
        familyId,
      ])
    ).map(({ event }) => event);

  it('[253, 254] killed after the COMMIT and before the answer: the code is refused, its family revoked, and the user signs in again without being asked', async () => {
    await startDoomed();
    const { visitor, familyId, redeem } = await aCode(doomed);
    road.loseAnswers();
    const lost = outcome(redeem(doomed));
    await eventually(async () => expect(await family(familyId)).toMatchObject({ generation: 1 }));
    await doomed.kill();
    expect(await lost).toBe('no answer');
    const again = await redeem(rekey);
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect(await family(familyId)).toEqual({ generation: 1, revoked_reason: 'code_replayed' });
    expect(await events(familyId)).toEqual(['code.issued', 'code.redeemed', 'code.replayed']);
    const next = await signInAndExchange(siteOf(rekey), client, user, { prompt: 'none' }, sentTo(rekey, visitor));
    expect(next.status).toBe(200);
    expect((await refresh(rekey, client, next.body.refresh_token)).status).toBe(200);
  });

  it('killed before the COMMIT: the code is unused', async () => {
    await startDoomed();
    const { familyId, redeem } = await aCode(doomed);
    const holder = await deployment.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM token_families WHERE family_id = $1 FOR UPDATE', [familyId]);
    const lost = outcome(redeem(doomed));
    await eventually(async () => expect(await waiting()).toBe(1));
    await doomed.kill();
    expect(await lost).toBe('no answer');
    await eventually(async () => expect(await waiting()).toBe(0)); // PostgreSQL gives up the statement of the dead
    await holder.query('ROLLBACK');
    await holder.end();
    expect(await family(familyId)).toEqual({ generation: 0, revoked_reason: null });
    const { status, body } = await redeem(rekey);
    expect(status).toBe(200);
    expect(await events(familyId)).toEqual(['code.issued', 'code.redeemed']);
    expect((await refresh(rekey, client, body.refresh_token)).status).toBe(200);
  });
});

describe('killed during a sign-out', () => {
  interface SignedIn {
    readonly visitor: Visitor;
    readonly session: string;
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly signOut: (at: RekeyProcess) => Promise<{ status: number }>;
  }

  /** An online and an offline family at the same client. */
  async function signedIn(at = doomed): Promise<SignedIn> {
    const visitor = newVisitor(at);
    const site = siteOf(at);
    const offline = await signInAndExchange(site, client, user, {}, visitor);
    const { body } = await signInAndExchange(site, client, user, { scope: 'openid read' }, visitor);
    const query = new URLSearchParams({ id_token_hint: body.id_token as string }).toString();
    return {
      visitor,
      session: decodeJwt(body.id_token as string)['sid'] as string,
      accessToken: body.access_token as string,
      refreshToken: offline.body.refresh_token as string,
      signOut: (by) => sentTo(by, visitor).get(`/end-session?${query}`),
    };
  }

  /** Which parts of a sign-out have happened. */
  async function stateOf({ session }: SignedIn) {
    const [row] = await deployment.query(
      `SELECT (SELECT ended_at IS NOT NULL FROM login_sessions WHERE id = $1) AS ended,
         (SELECT bool_and(revoked_at IS NOT NULL) FROM token_families WHERE session_id = $1 AND NOT offline) AS revoked,
         (SELECT bool_or(revoked_at IS NOT NULL) FROM token_families WHERE session_id = $1 AND offline) AS "offlineRevoked",
         EXISTS (SELECT 1 FROM audit_events WHERE sid = $1 AND event = 'session.ended') AS audited,
         EXISTS (SELECT 1 FROM revocations r JOIN token_families f ON r.value = f.family_id::text WHERE f.session_id = $1) AS "revocationKept",
         EXISTS (SELECT 1 FROM logout_notices WHERE session_id = $1)
           OR EXISTS (SELECT 1 FROM audit_events WHERE sid = $1 AND event LIKE 'logout.%') AS told`,
      [session],
    );
    return row;
  }

  const NOT_AT_ALL = {
    ended: false,
    revoked: false,
    offlineRevoked: false,
    audited: false,
    revocationKept: false,
    told: false,
  };
  const WHOLE = { ended: true, revoked: true, offlineRevoked: false, audited: true, revocationKept: true, told: true };

  const isSignedIn = async ({ visitor }: SignedIn): Promise<boolean> =>
    !isSignIn(await sentTo(rekey, visitor).get('/sign-in'));

  const isActive = async ({ accessToken }: SignedIn): Promise<boolean> =>
    (await introspect(rekey, client, accessToken)).body.active as boolean;

  beforeEach(() => startDoomed());

  it('killed before the COMMIT: the user stays signed in, nothing is revoked, no client is notified, and it can be repeated', async () => {
    const one = await signedIn();
    const holder = await deployment.connect();
    await holder.query('BEGIN; LOCK TABLE logout_notices IN ACCESS EXCLUSIVE MODE');
    // The transaction has ended the session and its families, but cannot write the notice.
    const lost = outcome(one.signOut(doomed));
    await eventually(async () => expect(await waiting()).toBeGreaterThan(0));
    await doomed.kill();
    expect(await lost).toBe('no answer');
    await holder.query('ROLLBACK');
    await holder.end();
    await eventually(async () => expect(await stateOf(one)).toEqual(NOT_AT_ALL));
    expect([await isSignedIn(one), await isActive(one)]).toEqual([true, true]);
    await one.signOut(rekey);
    expect(await stateOf(one)).toEqual(WHOLE);
    expect([await isSignedIn(one), await isActive(one)]).toEqual([false, false]);
  });

  it('killed after the COMMIT and before the answer: the session is over, its tokens are revoked, and the next process notifies the client', async () => {
    const told = receiver.received.length;
    const one = await signedIn();
    const letGo = await holdCommits();
    const lost = outcome(one.signOut(doomed));
    await eventually(async () => expect(await waiting()).toBeGreaterThan(0));
    road.loseAnswers();
    await letGo();
    await eventually(async () => expect(await stateOf(one)).toMatchObject({ ended: true }));
    await doomed.kill();
    expect(await lost).toBe('no answer');
    expect(await stateOf(one)).toEqual(WHOLE);
    expect(await isSignedIn(one)).toBe(false);
    // The revocation was not copied to Redis: the tracker's lease is 2 s.
    await eventually(async () => expect(await isActive(one)).toBe(false));
    expect((await refresh(rekey, client, one.refreshToken)).status).toBe(200);
    await receiver.hasReceived(told + 1);
    expect(decodeJwt(receiver.tokens.at(-1)!)['sid']).toBe(one.session);
  });

  /** Blocks each COMMIT of a transaction that has changed a login session, until the returned function is called. */
  async function holdCommits(): Promise<() => Promise<void>> {
    const holder = await deployment.connect();
    await holder.query(`
      CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER wait_at_commit AFTER UPDATE ON login_sessions
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit();
      SELECT pg_advisory_lock(1)`);
    return async () => {
      await holder.query('SELECT pg_advisory_unlock(1)');
      await eventually(async () => expect(await waiting()).toBe(0));
      await holder.query('DROP TRIGGER wait_at_commit ON login_sessions; DROP FUNCTION wait_at_commit');
      await holder.end();
    };
  }

  it.each([2, 15, 40])(
    'killed %d ms after many sign-outs have begun: each is complete or has not happened',
    async (afterMs) => {
      const all: SignedIn[] = [];
      for (let index = 0; index < 12; index++) all.push(await signedIn());
      const lost = all.map((one) => outcome(one.signOut(doomed)));
      await sleep(afterMs);
      await doomed.kill();
      await Promise.all(lost);
      for (const one of all) {
        await eventually(async () => expect([NOT_AT_ALL, WHOLE]).toContainEqual(await stateOf(one)));
      }
      for (const one of all) await one.signOut(rekey);
      for (const one of all) {
        expect(await stateOf(one)).toEqual(WHOLE);
        expect(await isSignedIn(one)).toBe(false);
        await eventually(async () => expect(await isActive(one)).toBe(false));
      }
    },
  );
});
