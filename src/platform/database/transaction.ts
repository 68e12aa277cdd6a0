import type { DataSource, EntityManager } from 'typeorm';
import { retryTransient } from './retry-transient.js';

/**
 * A transaction that is retried when it conflicts with another one, for example if both lock the same rows in different orders.
 * @param work must change only the database, because it may run several times
 */
export const transaction = <T>(dataSource: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<T> =>
  retryTransient(() => dataSource.transaction(work));
