import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per client: the `typ` of its JWT access tokens, and whether its ID tokens have the user's claims. */
export class TokenContents1764140000000 implements MigrationInterface {
  name = 'TokenContents1764140000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE clients
        ADD access_token_typ text NOT NULL DEFAULT 'at+jwt',
        ADD user_claims_in_id_token boolean NOT NULL DEFAULT false`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients DROP access_token_typ, DROP user_claims_in_id_token`);
  }
}
