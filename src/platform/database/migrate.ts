import { Logger } from '@nestjs/common';
import { DataSource, MigrationExecutor, type DataSourceOptions } from 'typeorm';
import { StartProblem } from '../config/start-problem.js';
import { isDenied, isUnavailable } from './database-errors.js';
import { reasonOf } from './database-reason.js';
import { NetworkClient } from './network-client.js';

/** Any constant will do, as long as nothing else in this database uses it. */
const MIGRATION_LOCK = 0x72656b65;

const SAY_EVERY_MS = 5000;

const log = new Logger('Database');

/**
 * Brings the schema up to date. Replicas that boot together take turns, and all but the first find nothing left to do.
 * @throws StartProblem when a migration fails; what says that the database is away, or refuses, as it comes
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  const patience = setInterval(() => log.warn(BUSY), SAY_EVERY_MS);
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    // On this one connection: the pool of the embedded database has no other.
    await new MigrationExecutor(dataSource, runner).executePendingMigrations();
  } catch (error) {
    if (isUnavailable(error) || isDenied(error)) throw error;
    throw new StartProblem(
      `The schema could not be brought up to date, and is as it was: ${reasonOf(error)}. Is there something else in this database?`,
    );
  } finally {
    clearInterval(patience);
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.release();
  }
}

const BUSY =
  'The schema is being brought up to date, here or by another process, or a lock in PostgreSQL is in the way.';

/** The same over the network, on a connection of its own: a migration may take longer than a request may. */
export async function migrateOverNetwork(options: DataSourceOptions): Promise<void> {
  const dataSource = await new DataSource({
    ...options,
    entities: [],
    poolSize: 1,
    extra: { Client: NetworkClient },
  } as DataSourceOptions).initialize();
  try {
    await migrate(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
