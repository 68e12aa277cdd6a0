import pg from 'pg';
import { isPatientAfter, PATIENCE_MS } from './patient-statement.js';

/** The message of pg, without a code, when a statement exceeds `query_timeout`. */
const NO_ANSWER = 'Query read timeout';

/**
 * A network connection that is closed when a statement gets no answer. pg would keep using it, and TypeORM would return it to
 * the pool: once the server continues, statements sent meanwhile are lost. Without its ROLLBACK a transaction would stay open,
 * and the next borrowers' statements would run in it and never be committed.
 */
export class NetworkClient extends pg.Client {
  private patient = false;

  constructor(config?: pg.ClientConfig) {
    super(config);
    // For the life of the connection: between two borrowers the pool has no error listener, and an error without a listener
    // ends the process. The current statement fails by itself, and a broken connection does not go back to the pool.
    this.on('error', () => undefined);
    const query = this.query.bind(this) as (...statement: unknown[]) => unknown;
    this.query = ((...statement: unknown[]) => {
      const answer = query(...this.withPatience(statement));
      // Without a promise it is the pool's own `query`, which discards a connection after every error.
      if (answer instanceof Promise) answer.catch((error: Error) => this.giveUpAfter(error));
      return answer;
    }) as pg.Client['query'];
  }

  /** Sets the client's time limit, in addition to the server's. */
  private withPatience([text, values, ...rest]: unknown[]): unknown[] {
    this.patient = isPatientAfter(text, this.patient);
    return this.patient ? [{ text, values, query_timeout: PATIENCE_MS }, ...rest] : [text, values, ...rest];
  }

  private giveUpAfter({ message }: Error): void {
    if (message === NO_ANSWER) void this.end();
  }
}
