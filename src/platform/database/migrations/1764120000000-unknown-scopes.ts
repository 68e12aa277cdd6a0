import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per client: whether unregistered scopes are ignored or refused. */
export class UnknownScopes1764120000000 implements MigrationInterface {
  name = 'UnknownScopes1764120000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients ADD unknown_scopes text NOT NULL DEFAULT 'ignore'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients DROP unknown_scopes`);
  }
}
