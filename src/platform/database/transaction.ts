import type { DataSource, EntityManager } from 'typeorm';
import { retryTransient } from './retry-transient.js';

/**
 * A transaction that begins anew where it had to give way to another one, as two that lock the same rows in another order do.
 * @param work may change nothing but the database: it is run as often as it takes
 */
export const transaction = <T>(dataSource: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<T> =>
  retryTransient(() => dataSource.transaction(work));
