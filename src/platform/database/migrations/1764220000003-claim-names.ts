import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per client: the claims that it finds under another name. */
export class ClaimNames1764220000003 implements MigrationInterface {
  name = 'ClaimNames1764220000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients ADD claim_names text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients DROP claim_names`);
  }
}
