/** `migrate` against a real PostgreSQL: before the replicas of a new version start, from as many places as like to. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrations } from '../../src/database/migrations.js';
import { CommandLine, type CommandResult } from '../support/command-line.js';
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

it('brings an empty database up to date, once, however many ask for it at once and again', async () => {
  const results = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
  results.push(await migrate(database.url));
  for (const result of results) {
    expect(result).toEqual({ exitCode: 0, stdout: 'The schema is up to date.\n', stderr: '' });
  }
  expect(await applied()).toEqual(migrations.map(({ name }) => name));
});

it('says that the database is away, without its password', async () => {
  const result = await migrate('postgres://rekey:canary-4711@127.0.0.1:1/rekey');
  expect(result).toEqual({ exitCode: 1, stdout: '', stderr: 'DATABASE_URL does not answer (ECONNREFUSED).\n' });
});
