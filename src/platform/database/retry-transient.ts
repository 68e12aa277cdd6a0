import { isTransient } from './database-errors.js';

const MAX_ATTEMPTS = 4;

/**
 * Retries a statement or transaction that the database rolled back because of another one (serialization failure, deadlock).
 * The work runs from its beginning each time, so it must change only the database.
 * @throws the rejection of the last attempt
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
