import pg from 'pg';
import { TypeORMError } from 'typeorm';

const errors = new WeakSet<object>();

/**
 * Whether an error came from the database. Its code does not tell: an ECONNRESET may also be the caller's, or that of another
 * server.
 */
export const isOfDatabase = (error: unknown): boolean =>
  error instanceof TypeORMError || error instanceof pg.DatabaseError || errors.has(error as object);

/** Notes that it came from the database. */
export function ofDatabase<T>(error: T): T {
  if (typeof error === 'object' && error !== null) errors.add(error);
  return error;
}

/** The pool notes its errors: failures of a connection are not the driver's own class. TypeORM wraps those of its statements. */
export class DatabasePool extends pg.Pool {
  constructor(config?: pg.PoolConfig) {
    super(config);
    const query = this.query.bind(this) as (...statement: unknown[]) => Promise<unknown> | undefined;
    // With a callback there is no promise; nobody here uses one.
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
