/**
 * Embedded databases for tests, each fresh and with the newest schema. Creating one takes seconds (initdb in WebAssembly), so it
 * happens once per schema: the files are dumped into node_modules/.cache, and every other database starts from there.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import type pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { embeddedPool } from '../../src/platform/database/embedded-pool.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { migrations } from '../../src/platform/database/migrations.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/rekey-test-database');

export async function openTestDatabase(entities: DataSourceOptions['entities'] = []): Promise<DataSource> {
  return open(await testDatabasePool(), entities);
}

/** For TypeORM's `driver: { Pool }`, with a pool size of one. Ending the pool closes the database. */
export async function testDatabasePool(): Promise<typeof pg.Pool> {
  const loadDataDir = new Blob([await migratedFiles()]);
  return embeddedPool(await PGlite.create({ loadDataDir }));
}

async function migratedFiles(): Promise<Buffer<ArrayBuffer>> {
  const file = join(CACHE, `${schemaHash()}.tar`);
  if (!existsSync(file)) await dumpMigrated(file);
  return readFileSync(file);
}

/** The files of the two template databases, which every start would unpack, are more than half of all. */
const LIGHTEN = [
  'UPDATE pg_database SET datistemplate = false',
  'DROP DATABASE template0',
  'DROP DATABASE template1',
  'CHECKPOINT',
];

/** If two test files run this at once, both create a dump, and the second replaces the first. */
async function dumpMigrated(file: string): Promise<void> {
  const database = await PGlite.create();
  const dataSource = await open(embeddedPool(database), []);
  await migrate(dataSource);
  for (const statement of LIGHTEN) await dataSource.query(statement);
  const dump = await database.dumpDataDir('none');
  await dataSource.destroy();
  mkdirSync(CACHE, { recursive: true });
  const outdated = readdirSync(CACHE).filter((name) => name.endsWith('.tar') && join(CACHE, name) !== file);
  for (const name of outdated) rmSync(join(CACHE, name), { force: true });
  const unfinished = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(unfinished, Buffer.from(await dump.arrayBuffer()));
  renameSync(unfinished, file);
}

function schemaHash(): string {
  const directory = join(ROOT, 'src/platform/database/migrations');
  const files = [join(ROOT, 'node_modules/@electric-sql/pglite/package.json'), fileURLToPath(import.meta.url)];
  files.push(
    ...readdirSync(directory)
      .sort()
      .map((name) => join(directory, name)),
  );
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

const open = (Pool: typeof pg.Pool, entities: DataSourceOptions['entities']): Promise<DataSource> =>
  new DataSource({
    type: 'postgres',
    driver: { Pool },
    poolSize: 1,
    migrations,
    entities: entities ?? [],
  }).initialize();
