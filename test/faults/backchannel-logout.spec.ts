/** The service is killed (SIGKILL) while it notifies a client of a logout: another process notifies the client again. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { LEASE_MS } from '../../src/sign-out/logout-notice.js';
import { Deployment } from '../support/deployment.js';
import type { TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { LogoutReceiver, silence, status } from '../support/logout-receiver.js';
import { registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';

/** The lease, the polling interval, and time for slow machines. */
const PATIENCE_MS = LEASE_MS + 5000 + 15_000;

let deployment: Deployment;
let rekey: RekeyProcess;
let receiver: LogoutReceiver;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
});
afterAll(() => deployment.stop());
beforeEach(async () => {
  receiver = await LogoutReceiver.start();
});
afterEach(() => receiver.stop());

const toldClient = (): Promise<TestClient> => registerClient(rekey, { backchannel_logout_uri: receiver.uri });

/** Inserts a notice like a sign-out. @returns the login session */
async function addNotice({ clientId }: TestClient): Promise<string> {
  const sessionId = uuidv7();
  await deployment.query(
    `INSERT INTO logout_notices (id, client_id, subject, session_id, created_at, attempts, next_attempt_at, expires_at)
     VALUES ($1, $2, 'u1', $3, now(), 0, now(), now() + interval '1 hour')`,
    [uuidv7(), clientId, sessionId],
  );
  return sessionId;
}

const trail = (sessionId: string) =>
  deployment.query('SELECT event, detail FROM audit_events WHERE sid = $1 ORDER BY id', [sessionId]);

const waiting = async (): Promise<number> =>
  (await deployment.query<{ count: number }>('SELECT count(*)::int FROM logout_notices'))[0]!.count;

it('killed between sending and storing: the client gets the notice twice, and the audit log once', async () => {
  receiver.answer = silence;
  const sessionId = await addNotice(await toldClient());
  await receiver.hasReceived(1);
  await rekey.kill();
  expect([await waiting(), await trail(sessionId)]).toEqual([1, []]);
  receiver.answer = status(200);
  rekey = await deployment.again(rekey);
  await eventually(async () => expect(await waiting()).toBe(0), PATIENCE_MS);
  const claims = receiver.tokens.map((token) => decodeJwt(token));
  expect(claims).toMatchObject([{ sid: sessionId }, { sid: sessionId }]);
  expect(claims[0]!.jti).not.toBe(claims[1]!.jti);
  expect(await trail(sessionId)).toEqual([{ event: 'logout.delivered', detail: { attempts: 2 } }]);
});

it('killed before sending: the notice is delivered when the service is back', async () => {
  const client = await toldClient();
  await rekey.kill();
  const sessionId = await addNotice(client);
  rekey = await deployment.again(rekey);
  await receiver.hasReceived(1);
  await eventually(async () => expect(await waiting()).toBe(0));
  expect(await trail(sessionId)).toEqual([{ event: 'logout.delivered', detail: { attempts: 1 } }]);
});

it('a service that is stopped during a delivery keeps the notice', async () => {
  receiver.answer = silence;
  const sessionId = await addNotice(await toldClient());
  await receiver.hasReceived(1);
  const stopped = rekey.stop();
  await receiver.stop();
  expect(await stopped).toEqual({ code: 0, signal: null });
  expect([await waiting(), await trail(sessionId)]).toEqual([1, []]);
});
