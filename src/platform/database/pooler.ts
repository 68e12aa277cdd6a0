/** A pooler like PgBouncer between this process and PostgreSQL: whether there is one, and whether the role has the time limits. */
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { NetworkClient } from './network-client.js';
import { PooledClient } from './pooled-client.js';

const log = new Logger('Database');

/** The time limits of statements and transactions that the server applies, in milliseconds. */
export type LimitedConfig = pg.ClientConfig & {
  readonly statement_timeout: number;
  readonly idle_in_transaction_session_timeout: number;
};

const LIMITS = ['statement_timeout', 'idle_in_transaction_session_timeout'] as const;

/**
 * Connects with a time limit that no role is likely to have, and asks the server whether it has it. A pooler does not pass it on:
 * PgBouncer refuses it (08P01), or drops it if it is set to ignore it.
 */
export async function isBehindPooler(config: LimitedConfig): Promise<boolean> {
  const asked = config.statement_timeout + 1;
  try {
    const { statement_timeout: limit } = await settingsOf(new NetworkClient({ ...config, statement_timeout: asked }));
    return Number(limit) !== asked;
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    if (code === '08P01' && message.includes('startup parameter')) return true;
    throw error;
  }
}

/** Says that there is a pooler, and what to do if the role that it logs in with has no time limits. */
export async function logPooler(config: LimitedConfig): Promise<void> {
  const settings = await settingsOf(new PooledClient(config));
  log.log('PostgreSQL is behind a pooler: statements are not prepared, and the time limits are those of the role.');
  const missing = LIMITS.filter((name) => Number(settings[name]) === 0);
  if (missing.length === 0) return;
  const statements = missing.map((name) => `ALTER ROLE ${settings.role} SET ${name} = ${config[name]};`);
  log.warn(`The role has no time limits, so a stuck statement keeps its locks. Run once: ${statements.join(' ')}`);
}

type ServerSettings = Record<(typeof LIMITS)[number] | 'role', string>;

const SETTINGS = `SELECT quote_ident(current_user) AS role, ${LIMITS.map(
  (name) => `(SELECT setting FROM pg_settings WHERE name = '${name}') AS ${name}`,
).join(', ')}`;

/** In milliseconds, whatever unit the server prefers to show. */
async function settingsOf(client: pg.Client): Promise<ServerSettings> {
  try {
    await client.connect();
    const { rows } = await client.query<ServerSettings>(SETTINGS);
    return rows[0]!;
  } finally {
    await client.end().catch(() => undefined);
  }
}
