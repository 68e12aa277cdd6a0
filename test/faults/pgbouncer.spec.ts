/** PostgreSQL behind PgBouncer, in the modes that share connections to the server per session and per transaction. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectUnavailable, timed } from '../support/availability.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { PgBouncer } from '../support/pgbouncer.js';
import { asAdmin, beginFamilies, beginFamily, registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, send } from '../support/requests.js';

const NO_LIMITS =
  'The role has no time limits, so a stuck statement keeps its locks. Run once: ' +
  'ALTER ROLE postgres SET statement_timeout = 900; ALTER ROLE postgres SET idle_in_transaction_session_timeout = 5000;';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start();
});
afterAll(() => deployment.stop());

describe.each<[string, Record<string, string>]>([
  ['per transaction', { pool_mode: 'transaction' }],
  ['per session', { pool_mode: 'session', default_pool_size: '40' }],
  [
    'per transaction, with the time limits ignored',
    { pool_mode: 'transaction', ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout' },
  ],
])('connections to the server are shared %s', (_, settings) => {
  let pgbouncer: PgBouncer;
  let replicas: RekeyProcess[];
  let client: TestClient;
  let databaseUrl: string;

  beforeAll(async () => {
    await deployment.query('ALTER ROLE postgres RESET ALL');
    databaseUrl = await deployment.postgres.createDatabase();
    pgbouncer = await PgBouncer.start(databaseUrl, settings);
    const options = { databaseUrl: pgbouncer.url };
    replicas = [await deployment.launchReplica(options), await deployment.launchReplica(options)];
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await pgbouncer.stop();
  });

  it('replicas that start together migrate an empty database and say which limits are missing', async () => {
    await Promise.all(replicas.map((replica) => replica.ready()));
    for (const replica of replicas) {
      await eventually(async () => expect(replica.output).toContain(NO_LIMITS));
      expect(replica.output).not.toMatch(/"level":"(error|fatal)"/);
    }
    client = await registerClient(replicas[0]!);
  });

  it('a start says nothing of limits once the role has them', async () => {
    for (const statement of NO_LIMITS.slice(NO_LIMITS.indexOf('ALTER')).split('; ')) await deployment.query(statement);
    await replicas[1]!.stop();
    // A connection that the pooler keeps has the limits of the time when it was made.
    await deployment.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      new URL(databaseUrl).pathname.slice(1),
    ]);
    const started = (replicas[1] = await replicas[1]!.startAgain({ env: { REKEY_LOG_LEVEL: 'debug' } }));
    await eventually(async () => expect(started.output).toContain('PostgreSQL is behind a pooler'));
    expect(started.output).not.toContain('time limits, so');
  });

  it('concurrent refreshes, retries and a revocation of everything are answered as without a pooler', async () => {
    const families = await beginFamilies(replicas[0]!, client, 40);
    let tokens = families.map(({ refreshToken }) => refreshToken);
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        tokens.flatMap((token) => replicas.map((replica) => refresh(replica, client, token))),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      const successors = answers.map(({ body }) => body.refresh_token as string);
      tokens = successors.filter((_, index) => index % 2 === 0);
      expect(successors.filter((_, index) => index % 2 === 1)).toEqual(tokens);
    }
    const { body } = await refresh(replicas[0]!, client, tokens[0]!);
    await asAdmin(replicas[1]!, 'POST', '/revocations', { kind: 'client', value: client.clientId, reason: 'test' });
    expect((await introspect(replicas[0]!, client, body.access_token)).text).toBe('{"active":false}');
    expect((await refresh(replicas[1]!, client, tokens[1]!)).body.error).toBe('invalid_grant');
  });

  it('a PgBouncer that is killed and comes back costs a 503 and no session', async () => {
    const { refreshToken } = await beginFamily(replicas[0]!, client);
    const under = Promise.all(
      replicas.flatMap((replica) => Array.from({ length: 10 }, () => refresh(replica, client, refreshToken))),
    );
    await pgbouncer.kill();
    for (const { status } of await under) expect([200, 503]).toContain(status);
    expectUnavailable(await timed(() => refresh(replicas[0]!, client, refreshToken)));
    await pgbouncer.startAgain();
    await eventually(async () => {
      for (const { url } of replicas) expect((await send(`${url}/health/ready`)).status).toBe(200);
    });
    const { status, body } = await refresh(replicas[1]!, client, refreshToken);
    expect(status).toBe(200);
    expect((await refresh(replicas[0]!, client, body.refresh_token)).status).toBe(200);
  });

  it('a held row is a 503 in time, consumes nothing, and leaves no statement behind', async () => {
    const { familyId, refreshToken } = await beginFamily(replicas[0]!, client);
    const holder = await Deployment.connectTo(databaseUrl);
    await holder.query('BEGIN; SELECT FROM token_families FOR UPDATE');
    expectUnavailable(await timed(() => refresh(replicas[0]!, client, refreshToken)));
    const { rows } = await holder.query("SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    expect(rows).toEqual([]);
    const family = 'SELECT generation FROM token_families WHERE family_id = $1';
    expect((await holder.query(family, [familyId])).rows).toEqual([{ generation: 0 }]);
    await holder.query('ROLLBACK');
    await holder.end();
    expect((await refresh(replicas[1]!, client, refreshToken)).status).toBe(200);
  });
});
