import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mails to users, and the links in them. */
export class Mails1764230000000 implements MigrationInterface {
  name = 'Mails1764230000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE mails (
        id uuid NOT NULL,
        kind text NOT NULL,
        subject text,
        recipient text,
        username text NOT NULL,
        language text NOT NULL,
        password_changed_at timestamptz,
        created_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        next_attempt_at timestamptz,
        expires_at timestamptz NOT NULL,
        CONSTRAINT mails_pkey PRIMARY KEY (id)
      );
      CREATE INDEX mails_next_attempt_at ON mails (next_attempt_at);
      CREATE INDEX mails_expires_at ON mails (expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE mails`);
  }
}
