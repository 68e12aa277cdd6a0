import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Users, login sessions, consents, and the columns of clients and families for them. New columns have defaults, so that the
 * previous version runs on this schema.
 */
export class SignIn1763900000000 implements MigrationInterface {
  name = 'SignIn1763900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE clients
        ADD redirect_uris text[] NOT NULL DEFAULT '{}',
        ADD post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
        ADD require_pkce boolean NOT NULL DEFAULT true,
        ADD first_party boolean NOT NULL DEFAULT false,
        ADD id_token_signed_response_alg text NOT NULL DEFAULT 'RS256',
        ADD backchannel_logout_uri text`);
    await runner.query(`
      ALTER TABLE token_families
        ADD born_of_code boolean NOT NULL DEFAULT false,
        ADD offline boolean NOT NULL DEFAULT true,
        ADD session_id uuid,
        ADD auth_time timestamptz,
        ADD acr text,
        ADD amr text[],
        ADD resource text[] NOT NULL DEFAULT '{}',
        ADD claims jsonb`);
    await runner.query(
      `CREATE INDEX token_families_session_id ON token_families (session_id) WHERE session_id IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE users (
        subject text PRIMARY KEY,
        username text NOT NULL,
        username_key text NOT NULL,
        password_hash text,
        password_changed_at timestamptz,
        claims jsonb NOT NULL,
        known_sources text[] NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        deleted_at timestamptz
      )`);
    await runner.query(`CREATE UNIQUE INDEX users_username_key ON users (username_key) WHERE deleted_at IS NULL`);
    await runner.query(`
      CREATE TABLE linked_accounts (
        issuer text NOT NULL,
        external_subject text NOT NULL,
        subject text NOT NULL REFERENCES users (subject),
        linked_at timestamptz NOT NULL,
        PRIMARY KEY (issuer, external_subject)
      )`);
    await runner.query(`CREATE INDEX linked_accounts_subject ON linked_accounts (subject)`);
    await runner.query(`
      CREATE TABLE login_sessions (
        id uuid PRIMARY KEY,
        cookie_digest bytea NOT NULL,
        subject text NOT NULL,
        auth_time timestamptz NOT NULL,
        acr text NOT NULL,
        amr text[] NOT NULL,
        source text NOT NULL,
        user_agent text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      )`);
    await runner.query(`CREATE UNIQUE INDEX login_sessions_cookie_digest ON login_sessions (cookie_digest)`);
    await runner.query(`CREATE INDEX login_sessions_subject ON login_sessions (subject)`);
    await runner.query(`
      CREATE TABLE consents (
        subject text NOT NULL,
        client_id text NOT NULL REFERENCES clients (client_id),
        scope text[] NOT NULL,
        claims text[] NOT NULL,
        granted_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (subject, client_id)
      )`);
    await runner.query(`
      CREATE TABLE logout_notices (
        id uuid PRIMARY KEY,
        client_id text NOT NULL REFERENCES clients (client_id),
        subject text NOT NULL,
        session_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`CREATE INDEX logout_notices_next_attempt_at ON logout_notices (next_attempt_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['logout_notices', 'consents', 'login_sessions', 'linked_accounts', 'users']) {
      await runner.query(`DROP TABLE ${table}`);
    }
    await runner.query(`
      ALTER TABLE token_families
        DROP born_of_code, DROP offline, DROP session_id, DROP auth_time, DROP acr, DROP amr, DROP resource, DROP claims`);
    await runner.query(`
      ALTER TABLE clients
        DROP redirect_uris, DROP post_logout_redirect_uris, DROP require_pkce, DROP first_party,
        DROP id_token_signed_response_alg, DROP backchannel_logout_uri`);
  }
}
