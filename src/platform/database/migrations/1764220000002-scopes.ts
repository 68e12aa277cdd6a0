import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The scopes that a deployment defines. */
export class Scopes1764220000002 implements MigrationInterface {
  name = 'Scopes1764220000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE scopes (
        name text PRIMARY KEY,
        text_en text NOT NULL,
        text_zh_hant text,
        claims text[] NOT NULL,
        released_into text[] NOT NULL,
        audience text,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE scopes`);
  }
}
