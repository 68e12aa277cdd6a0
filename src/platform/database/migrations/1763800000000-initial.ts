import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clients, token families, revocations, keys, subjects and the audit log. */
export class Initial1763800000000 implements MigrationInterface {
  name = 'Initial1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE clients (
        client_id text PRIMARY KEY,
        name text NOT NULL,
        type text NOT NULL,
        token_endpoint_auth_method text NOT NULL,
        grant_types text[] NOT NULL,
        scopes text[] NOT NULL,
        audience text[] NOT NULL,
        access_token_format text NOT NULL,
        access_token_ttl_seconds integer NOT NULL,
        longest_access_token_ttl_seconds integer NOT NULL,
        rotation text NOT NULL,
        retry_window_seconds integer NOT NULL,
        idle_ttl_seconds integer NOT NULL,
        absolute_ttl_seconds integer NOT NULL,
        reuse_response text NOT NULL,
        scope_narrowing text NOT NULL,
        may_introspect boolean NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        disabled_at timestamptz,
        deleted_at timestamptz
      )`);
    await runner.query(`
      CREATE TABLE client_secrets (
        secret_id uuid PRIMARY KEY,
        client_id text NOT NULL REFERENCES clients (client_id),
        digest bytea NOT NULL,
        created_at timestamptz NOT NULL,
        starts_at timestamptz NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz
      )`);
    await runner.query(`CREATE INDEX client_secrets_client_id ON client_secrets (client_id)`);
    await runner.query(`
      CREATE TABLE subjects (
        subject text PRIMARY KEY,
        updated_at timestamptz NOT NULL,
        disabled_at timestamptz
      )`);
    // Half of each page stays free, so that a rotation can put the new row version on the same page (HOT).
    await runner.query(`
      CREATE TABLE token_families (
        id uuid PRIMARY KEY,
        sid uuid NOT NULL,
        client_id text NOT NULL REFERENCES clients (client_id),
        subject text NOT NULL,
        scope text[] NOT NULL,
        generation integer NOT NULL,
        rotated_at timestamptz[] NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        idle_expires_at timestamptz NOT NULL,
        absolute_expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_reason text
      ) WITH (fillfactor = 50)`);
    await runner.query(`CREATE UNIQUE INDEX token_families_sid ON token_families (sid)`);
    await runner.query(`CREATE INDEX token_families_subject ON token_families (subject)`);
    await runner.query(`CREATE INDEX token_families_client_id ON token_families (client_id)`);
    await runner.query(`
      CREATE TABLE revocations (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        value text NOT NULL,
        not_before timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        reason text NOT NULL,
        actor text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query(`CREATE INDEX revocations_kind_value ON revocations (kind, value)`);
    await runner.query(`CREATE INDEX revocations_created_at ON revocations (created_at)`);
    await runner.query(`
      CREATE TABLE signing_keys (
        kid text PRIMARY KEY,
        algorithm text NOT NULL,
        encrypted_private_key bytea NOT NULL,
        created_at timestamptz NOT NULL,
        active_from timestamptz NOT NULL,
        retired_at timestamptz
      )`);
    await runner.query(`
      CREATE TABLE token_keys (
        id smallint PRIMARY KEY,
        encrypted_key bytea NOT NULL,
        created_at timestamptz NOT NULL,
        active_from timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE audit_events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        event text NOT NULL,
        reason text,
        client_id text,
        subject text,
        sid uuid,
        correlation_id text,
        actor text,
        detail jsonb
      )`);
    await runner.query(`CREATE INDEX audit_events_sid ON audit_events (sid, id)`);
    await runner.query(`CREATE INDEX audit_events_subject ON audit_events (subject, id)`);
    await runner.query(`CREATE INDEX audit_events_correlation_id ON audit_events (correlation_id)`);
    await runner.query(`CREATE INDEX audit_events_at ON audit_events USING brin (at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'audit_events',
      'token_keys',
      'signing_keys',
      'revocations',
      'token_families',
      'subjects',
      'client_secrets',
      'clients',
    ]) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
