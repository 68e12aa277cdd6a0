/** The migrations create the schema that the entities describe: the two must not drift apart. */
import { FamilyId1764180000000 } from '../../src/platform/database/migrations/1764180000000-family-id.js';
import { migrations } from '../../src/platform/database/migrations.js';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getMetadataArgsStorage, type DataSource } from 'typeorm';
import { openTestDatabase } from '../support/embedded-database.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Every entity there is, so that a new one cannot be forgotten here. */
async function allEntities(): Promise<(new () => object)[]> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.entity.ts'));
  for (const file of files) await import(join(SRC, file));
  return getMetadataArgsStorage().tables.map(({ target }) => target as new () => object);
}

describe('the schema', () => {
  let database: DataSource;

  beforeAll(async () => {
    database = await openTestDatabase(await allEntities());
  }, 60_000);
  afterAll(() => database.destroy());

  /** The statements by which TypeORM would turn the migrated schema into that of the entities. */
  const drift = async (): Promise<string[]> => {
    const { upQueries } = await database.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  };

  /** Runs on a changed schema, and reverts the change. */
  async function changed(statements: string[], run: () => Promise<void>, back: string[]): Promise<void> {
    for (const statement of statements) await database.query(statement);
    await run().finally(async () => {
      for (const statement of back) await database.query(statement);
    });
  }

  it('the migrations create the schema that the entities describe', async () => {
    expect(await drift()).toEqual([]);
  });

  it('every table has an entity', async () => {
    const tables = await database.query<{ tablename: string }[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1`,
    );
    expect(tables.map(({ tablename }) => tablename)).toEqual(
      database.entityMetadatas.map(({ tableName }) => tableName).sort(),
    );
  });

  it.each([
    ['a column too many', 'ALTER TABLE clients ADD stray text', 'ALTER TABLE clients DROP stray'],
    [
      'a column that may be empty',
      'ALTER TABLE clients ALTER name DROP NOT NULL',
      'ALTER TABLE clients ALTER name SET NOT NULL',
    ],
    [
      'another type',
      'ALTER TABLE clients ALTER retry_window_seconds TYPE bigint',
      'ALTER TABLE clients ALTER retry_window_seconds TYPE integer',
    ],
    [
      'a missing index',
      'DROP INDEX token_families_subject',
      'CREATE INDEX token_families_subject ON token_families (subject)',
    ],
  ])('the comparison finds a schema with %s, so this test can fail', async (_what, change, back) => {
    await changed([change], async () => expect((await drift()).length).toBeGreaterThan(0), [back]);
    expect(await drift()).toEqual([]);
  });

  it('[142] no index covers the columns that a rotation writes, and each page has room for the next row version', async () => {
    const indexes = await database.query<{ indexdef: string }[]>(
      `SELECT indexdef FROM pg_indexes WHERE tablename = 'token_families'`,
    );
    for (const { indexdef } of indexes) {
      expect(indexdef).not.toMatch(/\(.*\b(generation|rotated_at|last_used_at|idle_expires_at|scope)\b.*\)/);
    }
    const [table] = await database.query<[{ reloptions: string[] }]>(
      `SELECT reloptions FROM pg_class WHERE relname = 'token_families'`,
    );
    expect(table.reloptions).toContainEqual(expect.stringMatching(/^fillfactor=(50|[1-4]\d)$/));
  });

  it('the migrations can be reverted and run again', async () => {
    const before = await columns();
    for (let left = database.migrations.length; left > 0; left--)
      await database.undoLastMigration({ transaction: 'all' });
    expect(await columns()).toEqual([]);
    await database.runMigrations({ transaction: 'all' });
    expect(await columns()).toEqual(before);
    expect(await drift()).toEqual([]);
  });

  it('renaming the id of families keeps rows, and gives the events of login sessions a column of their own', async () => {
    const [FAMILY, SESSION] = ['0197a3d2-5b1c-7def-8abc-0123456789ab', '0197a3d2-5b1c-7def-8abc-0123456789ac'];
    const event = 'INSERT INTO audit_events (at, event, sid) VALUES (now(), $1, $2)';
    const undone = migrations.slice(migrations.indexOf(FamilyId1764180000000));
    const undo = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) await database.undoLastMigration({ transaction: 'all' });
    };
    await undo(undone.length);
    await database.query(`
      INSERT INTO clients (client_id, name, type, token_endpoint_auth_method, grant_types, scopes, audience, access_token_format,
        access_token_ttl_seconds, longest_access_token_ttl_seconds, rotation, retry_window_seconds, idle_ttl_seconds,
        absolute_ttl_seconds, reuse_response, scope_narrowing, may_introspect, created_at, updated_at)
      VALUES ('shop', 'Shop', 'public', 'none', '{}', '{}', '{}', 'jwt', 1, 1, 'always', 1, 1, 1, 'revoke_family', 'request', false,
        now(), now())`);
    await database.query(
      `INSERT INTO token_families (id, sid, client_id, subject, scope, generation, rotated_at, created_at, last_used_at,
         idle_expires_at, absolute_expires_at)
       VALUES (gen_random_uuid(), $1, 'shop', 'ada', '{}', 7, '{}', now(), now(), now(), now())`,
      [FAMILY],
    );
    await database.query(event, ['family.started', FAMILY]);
    await database.query(event, ['user.signed_in', SESSION]);
    await database.query(event, ['key.rotated', null]);
    const old = await database.query<unknown[]>('SELECT event, sid FROM audit_events ORDER BY id');

    await database.runMigrations({ transaction: 'all' });
    expect(await database.query('SELECT family_id, generation FROM token_families')).toEqual([
      { family_id: FAMILY, generation: 7 },
    ]);
    expect(await database.query('SELECT event, family_id, sid FROM audit_events ORDER BY id')).toEqual([
      { event: 'family.started', family_id: FAMILY, sid: null },
      { event: 'user.signed_in', family_id: null, sid: SESSION },
      { event: 'key.rotated', family_id: null, sid: null },
    ]);
    await undo(undone.length);
    expect(await database.query('SELECT sid FROM token_families')).toEqual([{ sid: FAMILY }]);
    expect(await database.query('SELECT event, sid FROM audit_events ORDER BY id')).toEqual(old);
    await database.runMigrations({ transaction: 'all' });
  });

  const columns = (): Promise<unknown[]> =>
    database.query(
      `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name <> 'migrations' ORDER BY 1, 2`,
    );
});
