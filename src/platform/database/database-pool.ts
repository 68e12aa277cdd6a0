import pg from 'pg';
import { TypeORMError } from 'typeorm';

const errors = new WeakSet<object>();

/**
 * Tells errors of the database from others. The code is not enough: an ECONNRESET may also come from the caller or from another
 * server.
 */
export const isOfDatabase = (error: unknown): boolean =>
  error instanceof TypeORMError || error instanceof pg.DatabaseError || errors.has(error as object);

/** Marks an error as coming from the database. */
export function ofDatabase<T>(error: T): T {
  if (typeof error === 'object' && error !== null) errors.add(error);
  return error;
}

/** Marks the pool's errors, because connection failures have no class of the driver. TypeORM wraps errors of its statements. */
export class DatabasePool extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super(config);
    const query = this.query.bind(this) as (...statement: unknown[]) => Promise<unknown> | undefined;
    // There is no promise with a callback, but no caller here uses one.
    this.query = ((...statement: unknown[]) => query(...statement)?.catch(rethrow)) as pg.Pool['query'];
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | void {
    if (!callback) return super.connect().catch(rethrow);
    super.connect((error, ...client) => callback(ofDatabase(error), ...client));
  }
}

type Connected = Parameters<typeof pg.Pool.prototype.connect>[0];

function rethrow(error: unknown): never {
  throw ofDatabase(error);
}
