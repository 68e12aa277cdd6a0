import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per client: the origins whose scripts may use it. */
export class AllowedOrigins1764190000000 implements MigrationInterface {
  name = 'AllowedOrigins1764190000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients ADD allowed_origins text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients DROP allowed_origins`);
  }
}
