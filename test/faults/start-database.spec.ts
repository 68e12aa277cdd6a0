/** A start without a usable database: it waits if that can help, and otherwise ends with one sentence. */
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { RekeyProcess } from '../support/rekey-process.js';
import { send } from '../support/requests.js';
import { freePort } from '../support/server-process.js';

const [RIGHT, WRONG] = ['canary-4711', 'canary-0815'];

let deployment: Deployment;
let host: string;

beforeAll(async () => {
  deployment = await Deployment.start();
  ({ host } = new URL(deployment.postgres.url));
  const [{ file }] = (await deployment.query<{ file: string }>(`SELECT current_setting('hba_file') AS file`)) as [
    { file: string },
  ];
  const rules = ['host all narrow 127.0.0.1/32 scram-sha-256', 'hostssl all secure 127.0.0.1/32 trust'];
  await deployment.query(`CREATE ROLE narrow LOGIN PASSWORD '${RIGHT}'`);
  await deployment.query('CREATE ROLE secure LOGIN');
  await deployment.query(`CREATE DATABASE busy`);
  await deployment.query(
    `COPY (VALUES ${[...rules, 'host all postgres 127.0.0.1/32 trust'].map((rule) => `('${rule}')`).join()}) TO '${file}'`,
  );
  await deployment.postgres.restart();
});
afterAll(() => deployment.stop());

/** The standard error output without the log lines. */
const sentences = ({ output }: RekeyProcess): string[] =>
  output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

describe('a start that cannot succeed later ends at once, with one sentence and without a secret', () => {
  it.each([
    ['a wrong password', `narrow:${WRONG}`, 'postgres', '28P01 password authentication failed for user "narrow"'],
    ['no password', 'narrow', 'postgres', 'SASL'],
    ['an unknown role', `nobody:${WRONG}`, 'postgres', '28000 no pg_hba.conf entry for host'],
    ['an unknown database', 'postgres', 'nowhere', '3D000 database "nowhere" does not exist'],
    ['no right to create tables', `narrow:${RIGHT}`, 'postgres', '42501 permission denied for schema public'],
    ['TLS required by the server only', 'secure', 'postgres', '28000 no pg_hba.conf entry for host'],
    ['TLS required by the URL only', 'postgres', 'postgres?sslmode=verify-full', 'The server does not support SSL'],
  ])('%s', async (_, credentials, name, reason) => {
    const rekey = await RekeyProcess.launch({ databaseUrl: `postgres://${credentials}@${host}/${name}` });
    expect(await rekey.exited).toEqual({ code: 1, signal: null });
    expect(sentences(rekey)).toHaveLength(1);
    const [user] = credentials.split(':');
    expect(sentences(rekey)[0]).toContain(
      `PostgreSQL at ${host} (user ${user}, database ${name.split('?')[0]}) refuses: ${reason}`,
    );
    expect(rekey.output).not.toContain('canary');
  });

  it('a database with another application’s schema is refused', async () => {
    const databaseUrl = await deployment.postgres.createDatabase('taken');
    const other = await Deployment.connectTo(databaseUrl);
    await other.query('CREATE TABLE clients (id int)');
    await other.end();
    const rekey = await RekeyProcess.launch({ databaseUrl });
    expect(await rekey.exited).toEqual({ code: 1, signal: null });
    expect(sentences(rekey)).toEqual([
      'The schema could not be migrated, and is unchanged: 42P07 relation "clients" already exists. Does another application use this database?',
    ]);
  });
});

describe('a start that can succeed later', () => {
  const opened: Server[] = [];
  afterAll(() => opened.forEach((server) => server.close()));

  it('a start waits for a server that is not up yet, logs why, and is alive but not ready meanwhile', async () => {
    const port = await freePort();
    const rekey = await RekeyProcess.launch({ databaseUrl: `postgres://postgres:canary@127.0.0.1:${port}/postgres` });
    const waits = `PostgreSQL at 127.0.0.1:${port} (user postgres, database postgres) does not answer: connect ECONNREFUSED 127.0.0.1:${port}. Retrying (1 of 60).`;
    await eventually(() => expect(rekey.output).toContain(waits));
    const answers = await Promise.all(
      ['/health/live', '/health/ready', '/token'].map((path) => send(rekey.url + path)),
    );
    expect(answers.map(({ status, body }) => [status, body.status ?? body.error])).toEqual([
      [200, 'ok'],
      [503, 'starting'],
      [503, 'temporarily_unavailable'],
    ]);
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual([null, '1', '1']);
    const { hostname, port: real } = new URL(deployment.postgres.url);
    const road = createServer((socket) => void socket.pipe(connect(Number(real), hostname)).pipe(socket));
    opened.push(road.listen(port, '127.0.0.1'));
    await rekey.ready();
    expect(rekey.output).not.toContain('canary');
    await rekey.kill();
  });

  it.each(['migrations', 'signing_keys', 'clients'])(
    'a start waits for %s while another process holds it, and logs that',
    async (table) => {
      await (await deployment.replica()).kill();
      const other = await deployment.connect();
      await other.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const rekey = await deployment.launchReplica();
      await eventually(() =>
        expect(rekey.output).toMatch(/"msg":"[^"]*(57014 canceling statement|a lock in PostgreSQL)/),
      );
      expect(rekey.isRunning).toBe(true);
      expect(rekey.output).not.toMatch(/SELECT|INSERT|parameters/);
      await other.query('ROLLBACK');
      await other.end();
      await rekey.ready();
      await rekey.kill();
    },
  );
});
