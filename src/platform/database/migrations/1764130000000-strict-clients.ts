import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Per client: whether only the registered authentication method works. */
export class StrictClients1764130000000 implements MigrationInterface {
  name = 'StrictClients1764130000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients ADD strict boolean NOT NULL DEFAULT false`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE clients DROP strict`);
  }
}
