/** The connection pool: errors leak no connection, and a single one is enough. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accessToken, bearer, callAdmin } from '../support/admin.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { asAdmin, beginFamilies, beginFamily, registerClient } from '../support/provision.js';
import { FIRST_ADMIN, type RekeyProcess } from '../support/rekey-process.js';
import { introspect, postAs, refresh, revoke, send, type Answer } from '../support/requests.js';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start();
});
afterAll(() => deployment.stop());

/** The pool metrics of the service. */
async function pool({ url }: RekeyProcess): Promise<{ open: number; idle: number; waiting: number }> {
  const { text } = await send(`${url}/metrics`);
  const gauge = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? NaN);
  return {
    open: gauge('rekey_database_connections'),
    idle: gauge('rekey_database_connections_idle'),
    waiting: gauge('rekey_database_waiting'),
  };
}

/** Sends the requests with limited concurrency. @returns the answers */
async function inLanes(lanes: number, requests: (() => Promise<Answer>)[]): Promise<Answer[]> {
  const queue = requests.entries();
  const answers: Answer[] = [];
  const lane = async () => {
    for (const [index, ask] of queue) answers[index] = await ask();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return answers;
}

it('[288] thousands of requests, a fifth of which fail, leak no connection', async () => {
  const rekey = await deployment.replica({ env: { REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: '100000' } });
  const client: TestClient = await registerClient(rekey);
  const admin = bearer(await accessToken(rekey, FIRST_ADMIN));
  const families = await beginFamilies(rekey, client, 40);
  const tokens = families.map(({ refreshToken }) => refreshToken);
  const good = (index: number) => async () => {
    const answer = await refresh(rekey, client, tokens[index % 40]!);
    if (answer.status === 200) tokens[index % 40] = answer.body.refresh_token;
    return answer;
  };
  const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rekey' AND pid <> pg_backend_pid()`;
  const failing: (() => Promise<Answer>)[] = [
    () => refresh(rekey, client, `rt_${'A'.repeat(60)}`),
    () => refresh(rekey, client, families[0]!.refreshToken),
    () => refresh(rekey, { ...client, secret: 'wrong' }, families[0]!.refreshToken),
    () => postAs(client, `${rekey.url}/token`, { grant_type: 'client_credentials', scope: 'beyond' }),
    () => revoke(rekey, client, ''),
    // Transactions that are rolled back: a taken username, an unknown client, a scope beyond the client.
    () => callAdmin(rekey, 'PATCH', '/clients/nobody', admin, { name: 'x' }),
    () => callAdmin(rekey, 'PATCH', `/clients/${client.clientId}`, admin, { token_endpoint_auth_method: 'none' }),
    () => callAdmin(rekey, 'POST', '/families', admin, { client_id: client.clientId, subject: 'u', scope: 'beyond' }),
  ];
  const requests = Array.from({ length: 3000 }, (_, index) =>
    index % 5 === 4 ? failing[Math.floor(index / 5) % failing.length]! : good(index),
  );
  const before = await pool(rekey);
  let terminated = 0;
  const crashes = setInterval(() => void deployment.query(kill).then(({ length }) => (terminated += length)), 1000);
  const answers = await inLanes(16, requests).finally(() => clearInterval(crashes));
  const failed = answers.filter(({ status }) => status >= 400).length;
  expect(failed).toBeGreaterThan(400);
  expect(answers.filter(({ status }) => status === 500).map(({ text }) => text)).toEqual([]);
  expect(terminated).toBeGreaterThan(0);
  await eventually(async () => {
    const after = await pool(rekey);
    expect(after).toEqual({ open: after.idle, idle: after.open, waiting: 0 });
    expect(after.open).toBeLessThanOrEqual(Math.max(before.open, 10));
  });
  expect(
    await deployment.query(`SELECT state FROM pg_stat_activity WHERE application_name = 'rekey' AND state <> 'idle'`),
  ).toEqual([]);
  await rekey.stop();
});

it('[289] with a single connection everything works, also concurrently', async () => {
  const rekey = await deployment.replica({ env: { REKEY_DATABASE_POOL: '1' } });
  const client = await registerClient(rekey, { refresh: { retry_window_seconds: 0 } });
  const admin = (method: string, path: string, body?: unknown) => asAdmin(rekey, method, path, body);
  const life = async (subject: string) => {
    const { familyId, refreshToken } = await beginFamily(rekey, client, subject);
    const first = await refresh(rekey, client, refreshToken);
    const second = await refresh(rekey, client, first.body.refresh_token);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect((await introspect(rekey, client, second.body.access_token)).body.active).toBe(true);
    expect((await introspect(rekey, client, second.body.refresh_token)).body.active).toBe(true);
    expect((await admin('GET', `/families/${familyId}`)).body.generation).toBe(2);
    expect((await revoke(rekey, client, second.body.access_token)).status).toBe(200);
    expect((await revoke(rekey, client, second.body.refresh_token)).status).toBe(200);
    expect((await introspect(rekey, client, first.body.access_token)).text).toBe('{"active":false}');
  };
  await Promise.all(Array.from({ length: 12 }, (_, index) => life(`user-${index}`)));

  // Steps with their own transaction: reuse, a change that revokes, secrets, keys.
  const stolen = await beginFamily(rekey, client, 'victim');
  const { body } = await refresh(rekey, client, stolen.refreshToken);
  await eventually(async () => {
    expect((await refresh(rekey, client, stolen.refreshToken)).body.error).toBe('invalid_grant');
    const [row] = await deployment.query(
      'SELECT 1 FROM token_families WHERE family_id = $1 AND revoked_at IS NOT NULL',
      [stolen.familyId],
    );
    expect(row).toBeDefined();
  });
  expect((await refresh(rekey, client, body.refresh_token)).body.error).toBe('invalid_grant');
  await Promise.all([
    admin('POST', `/clients/${client.clientId}/secrets`, {}),
    admin('PATCH', `/clients/${client.clientId}`, { disabled: true }),
    admin('POST', '/revocations', { kind: 'subject', value: 'user-1', reason: 'test', dry_run: true }),
    admin('POST', '/revocations', { kind: 'subject', value: 'user-1', reason: 'test' }),
    admin('POST', '/keys/rotations', {}),
    admin('GET', '/audit?limit=5'),
    admin('GET', '/families?state=revoked'),
  ]);
  await admin('DELETE', `/clients/${client.clientId}`);
  expect((await pool(rekey)).open).toBe(1);
});
