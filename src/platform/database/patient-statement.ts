import type { EntityManager } from 'typeorm';

/**
 * Time limit of statements for admins, which may touch a million rows. All others have the limits of `data-source.ts`.
 */
export const PATIENCE_MS = 60_000;

const BEGIN = `SET LOCAL statement_timeout = ${PATIENCE_MS}`;
const END = 'SET LOCAL statement_timeout TO DEFAULT';

/** Runs statements of the manager's transaction with this limit. */
export async function patiently<T>(manager: EntityManager, work: () => Promise<T>): Promise<T> {
  await manager.query(BEGIN);
  const result = await work();
  await manager.query(END);
  return result;
}

const ENDS = [END, 'COMMIT', 'ROLLBACK', 'START TRANSACTION'];

/** Whether a connection has the long limit after this statement. `SET LOCAL` ends with the transaction. */
export const isPatientAfter = (statement: unknown, before: boolean): boolean =>
  statement === BEGIN || (before && typeof statement === 'string' && !ENDS.includes(statement));
