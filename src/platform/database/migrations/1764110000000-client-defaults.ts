import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Gives the columns of a client the defaults of `clients/client-fields.ts`. No row is rewritten. */
export class ClientDefaults1764110000000 implements MigrationInterface {
  name = 'ClientDefaults1764110000000';

  async up(runner: QueryRunner): Promise<void> {
    const defaults = Object.entries(DEFAULTS).map(([column, value]) => `ALTER ${column} SET DEFAULT ${value}`);
    await runner.query(`ALTER TABLE clients ${defaults.join(', ')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const columns = Object.keys(DEFAULTS).map((column) => `ALTER ${column} DROP DEFAULT`);
    await runner.query(`ALTER TABLE clients ${columns.join(', ')}`);
  }
}

const DEFAULTS = {
  token_endpoint_auth_method: `'client_secret_basic'`,
  grant_types: `'{refresh_token}'`,
  scopes: `'{}'`,
  audience: `'{}'`,
  access_token_format: `'jwt'`,
  access_token_ttl_seconds: '600',
  rotation: `'always'`,
  retry_window_seconds: '60',
  idle_ttl_seconds: '2592000',
  absolute_ttl_seconds: '31536000',
  reuse_response: `'revoke_family'`,
  scope_narrowing: `'request'`,
  may_introspect: 'false',
};
