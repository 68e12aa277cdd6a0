/** `migrate` on a real PostgreSQL, also run by several processes at once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrations } from '../../src/platform/database/migrations.js';
import { CommandLine, type CommandResult } from '../support/command-line.js';
import { PostgresServer } from '../support/postgres-server.js';
import { freshDatabase } from '../support/test-servers.js';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let line: CommandLine;

beforeAll(async () => {
  line = CommandLine.compile();
  database = await freshDatabase();
});
afterAll(async () => {
  await database.release();
  line.remove();
});

const migrate = (url: string): Promise<CommandResult> =>
  line.run(['migrate'], { DATABASE_URL: url, REKEY_SECRET: 'test-master-key-0123456789-abcdefghijklmnop' });

async function applied(): Promise<string[]> {
  const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  await dataSource.destroy();
  return rows.map(({ name }) => name);
}

it('migrate brings an empty database up to date, once, however many processes run it', async () => {
  const results = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
  results.push(await migrate(database.url));
  for (const result of results) {
    expect(result).toEqual({ exitCode: 0, stdout: 'The schema is up to date.\n', stderr: '' });
  }
  expect(await applied()).toEqual(migrations.map(({ name }) => name));
});

it('migrate reports an unreachable database without its password', async () => {
  const result = await migrate('postgres://rekey:canary-4711@127.0.0.1:1/rekey');
  expect(result).toEqual({ exitCode: 1, stdout: '', stderr: 'DATABASE_URL does not answer (ECONNREFUSED).\n' });
});

describe('a database that refuses the connection', () => {
  const [RIGHT, WRONG] = ['canary-4711', 'canary-0815'];
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
    const dataSource = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    await dataSource.query(`CREATE ROLE narrow LOGIN PASSWORD '${RIGHT}'`);
    const [{ file }] = await dataSource.query<[{ file: string }]>(`SELECT current_setting('hba_file') AS file`);
    const rules = `VALUES ('host all narrow 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')`;
    await dataSource.query(`COPY (${rules}) TO '${file}'`);
    await dataSource.destroy();
    await server.restart();
  });
  afterAll(() => server.stop());

  it.each([
    ['the password is wrong', `narrow:${WRONG}`, 'postgres', 'password authentication failed for user "narrow"'],
    ['there is no password', 'narrow', 'postgres', 'SASL: .*password.*'],
    ['the role is unknown', `nobody:${WRONG}`, 'postgres', 'role "nobody" does not exist'],
    ['the database is unknown', 'postgres', 'nowhere', 'database "nowhere" does not exist'],
    ['the role may not change the schema', `narrow:${RIGHT}`, 'postgres', 'permission denied for schema public'],
  ])('if %s, migrate reports it in one line without the password', async (_what, credentials, name, words) => {
    const { exitCode, stdout, stderr } = await migrate(`postgres://${credentials}@${new URL(server.url).host}/${name}`);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^The database of DATABASE_URL refuses: ${words}\n$`));
    expect(stderr).not.toContain('canary');
  });
});
