import pg from 'pg';
import { isPatient, PATIENCE_MS } from './patient-statement.js';

/** What pg says when a statement got no answer within `query_timeout`. It has no code. */
const NO_ANSWER = 'Query read timeout';

/**
 * A connection over the network that is given up with the statement that got no answer. pg goes on using it, and TypeORM
 * hands it back to the pool: once the server goes on, what it was told in between is missing. A ROLLBACK that was never sent
 * leaves a transaction open, in which the next borrowers' statements would be answered and never committed.
 */
export class NetworkClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    // For the life of the connection: between two borrowers the pool listens for no error, and one that nobody listens for
    // ends the process. The statement under way fails by itself, and a broken connection does not go back to the pool.
    this.on('error', () => undefined);
    const query = this.query.bind(this) as (...statement: unknown[]) => unknown;
    this.query = ((...statement: unknown[]) => {
      const answer = query(...withPatience(statement));
      // Without a promise it is the pool's own `query`, which discards a connection after every error.
      if (answer instanceof Promise) answer.catch((error: Error) => this.giveUpAfter(error));
      return answer;
    }) as pg.Client['query'];
  }

  private giveUpAfter({ message }: Error): void {
    if (message === NO_ANSWER) void this.end();
  }
}

/** The client's own time limit, beside the server's. */
function withPatience([text, values, ...rest]: unknown[]): unknown[] {
  return isPatient(text) ? [{ text, values, query_timeout: PATIENCE_MS }, ...rest] : [text, values, ...rest];
}
