import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The public id of a family is `family_id`, and `sid` is the login session alone, as in OpenID Connect. */
export class FamilyId1764180000000 implements MigrationInterface {
  name = 'FamilyId1764180000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE token_families RENAME sid TO family_id;
      ALTER INDEX token_families_sid RENAME TO token_families_family_id;
      ALTER TABLE audit_events RENAME sid TO family_id;
      ALTER INDEX audit_events_sid RENAME TO audit_events_family_id;
      ALTER TABLE audit_events ADD sid uuid;
      UPDATE audit_events SET sid = family_id, family_id = NULL WHERE family_id IS NOT NULL AND ${OF_LOGIN_SESSIONS};
      CREATE INDEX audit_events_sid ON audit_events (sid, id) WHERE sid IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE audit_events SET family_id = sid WHERE sid IS NOT NULL AND ${OF_LOGIN_SESSIONS};
      ALTER TABLE audit_events DROP sid;
      ALTER INDEX audit_events_family_id RENAME TO audit_events_sid;
      ALTER TABLE audit_events RENAME family_id TO sid;
      ALTER INDEX token_families_family_id RENAME TO token_families_sid;
      ALTER TABLE token_families RENAME family_id TO sid`);
  }
}

const OF_LOGIN_SESSIONS = `event IN ('user.signed_in', 'session.ended', 'logout.delivered', 'logout.undelivered')`;
