import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where the request of an audit event came from, and the generation of its family. */
export class AuditOrigin1764240000000 implements MigrationInterface {
  name = 'AuditOrigin1764240000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE audit_events ADD source text, ADD agent text, ADD generation integer`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE audit_events DROP source, DROP agent, DROP generation`);
  }
}
