import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a family was started by an authorization code has the name of that grant. */
export class FromAuthorizationCode1764200000000 implements MigrationInterface {
  name = 'FromAuthorizationCode1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE token_families RENAME born_of_code TO from_authorization_code`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE token_families RENAME from_authorization_code TO born_of_code`);
  }
}
