import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indexes to search users by what a name begins with. `text_pattern_ops`, because in most locales LIKE cannot use the order of text. */
export class UserSearch1764160000000 implements MigrationInterface {
  name = 'UserSearch1764160000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX users_username_search ON users (username_key text_pattern_ops) WHERE deleted_at IS NULL;
      CREATE INDEX users_email_search ON users (lower(claims ->> 'email') text_pattern_ops) WHERE deleted_at IS NULL;
      CREATE INDEX users_name_search ON users (lower(claims ->> 'name') text_pattern_ops) WHERE deleted_at IS NULL;
      CREATE INDEX users_family_name_search ON users (lower(claims ->> 'family_name') text_pattern_ops)
        WHERE deleted_at IS NULL;
      CREATE INDEX users_subject_search ON users (subject text_pattern_ops) WHERE deleted_at IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX users_username_search, users_email_search, users_name_search, users_family_name_search,
        users_subject_search`);
  }
}
