import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What can be imported from another server: its refresh tokens, and the hashes of its client secrets. */
export class MovingIn1764170000000 implements MigrationInterface {
  name = 'MovingIn1764170000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE token_families ADD imported_token_digest bytea;
      CREATE UNIQUE INDEX token_families_imported_token_digest ON token_families (imported_token_digest)
        WHERE imported_token_digest IS NOT NULL;
      ALTER TABLE client_secrets ADD imported boolean NOT NULL DEFAULT false, ADD imported_hash text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE token_families DROP imported_token_digest;
      ALTER TABLE client_secrets DROP imported, DROP imported_hash`);
  }
}
