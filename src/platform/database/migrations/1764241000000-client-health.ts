import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts of refreshes, per client and minute. */
export class ClientHealth1764241000000 implements MigrationInterface {
  name = 'ClientHealth1764241000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE client_health (
        client_id text NOT NULL,
        minute timestamptz NOT NULL,
        outcome text NOT NULL,
        delay_seconds integer NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (client_id, minute, outcome, delay_seconds)
      );
      CREATE INDEX client_health_minute ON client_health (minute)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE client_health`);
  }
}
