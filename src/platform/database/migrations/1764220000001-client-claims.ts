import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per client: the claims of its scopes that its ID tokens and access tokens have as well. */
export class ClientClaims1764220000001 implements MigrationInterface {
  name = 'ClientClaims1764220000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE clients
        ADD id_token_claims text[] NOT NULL DEFAULT '{}',
        ADD access_token_claims text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients DROP id_token_claims, DROP access_token_claims`);
  }
}
