import { isTransient } from './database-errors.js';

const MAX_ATTEMPTS = 4;

/**
 * Runs a statement or a transaction again where the database has rolled it back for meeting another one (serialization
 * failure, deadlock). The work begins anew each time, so it may change nothing but the database.
 * @throws what the last attempt was rejected with
 */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}
