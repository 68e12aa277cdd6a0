/** PostgreSQL answers, and cannot serve: 503 in time and not ready, nothing consumed, and back without help. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { expectUnavailable, timed } from '../support/availability.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { beginFamily, registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { refresh, send } from '../support/requests.js';

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;
let database: string;
let elsewhere: Deployment['connect'];

beforeAll(async () => {
  deployment = await Deployment.start();
  await (await deployment.replica()).kill();
  database = new URL(deployment.databaseUrl).pathname.slice(1);
  elsewhere = () => Deployment.connectTo(deployment.postgres.url);
  await deployment.query('CREATE ROLE app LOGIN');
  await deployment.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO app');
  await deployment.query('GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app');
  const databaseUrl = deployment.databaseUrl.replace('postgres@', 'app@');
  rekey = await deployment.replica({ databaseUrl, env: { REKEY_MIGRATE_AT_BOOT: 'off' } });
  client = await registerClient(rekey);
});
afterAll(() => deployment.stop());

/** In another database of the server; the service's connections begin anew, as after a failover. */
async function administer(statement: string): Promise<void> {
  const admin = await elsewhere();
  await admin.query(statement);
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`);
  await admin.end();
}

const readiness = async () => (await send(`${rekey.url}/health/ready`)).status;

it.each([
  ['is read-only', 'default_transaction_read_only = on', 'default_transaction_read_only = off'],
  ['takes no connections', 'ALLOW_CONNECTIONS false', 'ALLOW_CONNECTIONS true'],
  ['lets the role in no more', 'ROLE NOLOGIN', 'ROLE LOGIN'],
  ['takes the right to write away', 'REVOKE UPDATE', 'GRANT UPDATE'],
])('[87] a database that %s is a 503, and the service is not ready until it is mended', async (_, broken, mended) => {
  const statement = (change: string): string => {
    if (change.startsWith('default_')) return `ALTER DATABASE "${database}" SET ${change}`;
    if (change.startsWith('ROLE ')) return `ALTER ROLE app ${change.slice(5)}`;
    return `ALTER DATABASE "${database}" ${change}`;
  };
  const change = async (what: string): Promise<void> => {
    if (!/^(GRANT|REVOKE)/.test(what)) return administer(statement(what));
    await deployment.query(`${what} ON token_families ${what.startsWith('GRANT') ? 'TO' : 'FROM'} app`);
  };
  const { refreshToken } = await beginFamily(rekey, client);
  await eventually(async () => expect(await readiness()).toBe(200));
  await change(broken);
  try {
    await eventually(async () => expect(await readiness()).toBe(503));
    expectUnavailable(await timed(() => refresh(rekey, client, refreshToken)));
    expect((await send(`${rekey.url}/health/live`)).status).toBe(200);
  } finally {
    await change(mended);
  }
  await eventually(async () => expect(await readiness()).toBe(200));
  expect((await refresh(rekey, client, refreshToken)).status).toBe(200);
});
