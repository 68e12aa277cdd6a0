import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Groups and attributes of users, beside their standard claims. */
export class Groups1764220000000 implements MigrationInterface {
  name = 'Groups1764220000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE users
        ADD groups text[] NOT NULL DEFAULT '{}',
        ADD attributes jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users DROP groups, DROP attributes`);
  }
}
