import type { EntityManager } from 'typeorm';

/**
 * A statement that an admin asked for may touch a million rows, and has this long. Everything else keeps the limits of
 * `data-source.ts`.
 */
export const PATIENCE_MS = 60_000;

const MARK = '/* patient */ ';

/** Runs one statement with patience, in the transaction that the manager is of. */
export async function patiently<T>(manager: EntityManager, sql: string, parameters: unknown[]): Promise<T> {
  await manager.query(`SET LOCAL statement_timeout = ${PATIENCE_MS}`);
  const result = await manager.query<T>(MARK + sql, parameters);
  await manager.query('SET LOCAL statement_timeout TO DEFAULT');
  return result;
}

/** Whether a connection should wait for this statement. TypeORM hands over the text and the values, and no more. */
export const isPatient = (text: unknown): text is string => typeof text === 'string' && text.startsWith(MARK);
