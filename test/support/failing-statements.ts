/** Loses the database connection at a chosen statement. */
import { jest } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import type { TestApp } from './test-app.js';

/**
 * While the action runs, loses the connection of every matching statement before it reaches the database.
 * @param pattern for the text of the statement without TypeORM's quotation marks
 * @returns the result of the action, and how many statements were lost
 */
export async function withLostStatements<T>(
  { database }: TestApp,
  pattern: RegExp,
  action: () => Promise<T>,
): Promise<{ result: T; lost: number }> {
  const create = database.createQueryRunner.bind(database);
  let lost = 0;
  const spy = jest.spyOn(database, 'createQueryRunner').mockImplementation((mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    runner.query = ((text: string, ...rest: unknown[]) => {
      if (!pattern.test(text.replaceAll('"', ''))) return query(text, ...(rest as []));
      lost += 1;
      return Promise.reject(ofDatabase(new Error('Connection terminated unexpectedly')));
    }) as QueryRunner['query'];
    return runner;
  });
  try {
    return { result: await action(), lost };
  } finally {
    spy.mockRestore();
  }
}
