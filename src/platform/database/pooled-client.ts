import type pg from 'pg';
import { NetworkClient } from './network-client.js';

/**
 * A connection through a pooler like PgBouncer, which gives each transaction another connection to the server. So nothing may
 * depend on the session: no time limits set at connecting, which PgBouncer refuses, and no named statements, which a later
 * connection would not know. The role has the time limits instead (`pooler.ts`), and the client keeps its own.
 */
export class PooledClient extends NetworkClient {
  constructor(config?: pg.ClientConfig) {
    super({ ...config, statement_timeout: false, idle_in_transaction_session_timeout: 0 });
    const query = this.query.bind(this) as (...statement: unknown[]) => unknown;
    this.query = ((statement: unknown, ...rest: unknown[]) => query(unnamed(statement), ...rest)) as pg.Client['query'];
  }
}

const unnamed = (statement: unknown): unknown =>
  typeof statement === 'object' && statement !== null && 'name' in statement
    ? { ...statement, name: undefined }
    : statement;
