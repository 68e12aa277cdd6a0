import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The root key, sealed under each master key that opens this database. */
export class RootKey1764280000000 implements MigrationInterface {
  name = 'RootKey1764280000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sealed_root_keys (
        master_key_id text CONSTRAINT sealed_root_keys_pkey PRIMARY KEY,
        box bytea NOT NULL,
        created_at timestamptz NOT NULL,
        last_started_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE sealed_root_keys`);
  }
}
