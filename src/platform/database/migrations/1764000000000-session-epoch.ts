import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tells a sign-in that was on its way when all sessions of its user were ended. A constant default: no row is written. */
export class SessionEpoch1764000000000 implements MigrationInterface {
  name = 'SessionEpoch1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD session_epoch integer NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users DROP session_epoch`);
  }
}
