import type { EntityManager } from 'typeorm';

/**
 * Time limit of statements for admins, which may touch a million rows. All others have the limits of `data-source.ts`.
 */
export const PATIENCE_MS = 60_000;

const MARK = '/* patient */ ';

/** Runs one statement with this limit, in the manager's transaction. */
export async function patiently<T>(manager: EntityManager, sql: string, parameters: unknown[]): Promise<T> {
  await manager.query(`SET LOCAL statement_timeout = ${PATIENCE_MS}`);
  const result = await manager.query<T>(MARK + sql, parameters);
  await manager.query('SET LOCAL statement_timeout TO DEFAULT');
  return result;
}

/** Whether a statement has the long limit. Marked in its text, because TypeORM passes on only text and values. */
export const isPatient = (text: unknown): text is string => typeof text === 'string' && text.startsWith(MARK);
