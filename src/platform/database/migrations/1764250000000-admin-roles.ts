import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per user: the roles in the admin API. */
export class AdminRoles1764250000000 implements MigrationInterface {
  name = 'AdminRoles1764250000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users ADD admin_roles text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE users DROP admin_roles`);
  }
}
