import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Detects sign-ins that were under way when all sessions of their user were ended. A constant default, so no row is rewritten. */
export class SessionEpoch1764000000000 implements MigrationInterface {
  name = 'SessionEpoch1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD session_epoch integer NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users DROP session_epoch`);
  }
}
