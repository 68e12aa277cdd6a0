import { Logger } from '@nestjs/common';
import { DataSource, MigrationExecutor, type DataSourceOptions } from 'typeorm';
import { StartProblem } from '../config/start-problem.js';
import { isUnavailable } from './database-errors.js';
import { reasonOf } from './database-reason.js';
import { NetworkClient } from './network-client.js';

/** An arbitrary constant that nothing else in this database uses as an advisory lock. */
const MIGRATION_LOCK = 0x72656b65;

const SAY_EVERY_MS = 5000;

const log = new Logger('Database');

/**
 * Brings the schema up to date. Replicas that start together take turns; only the first one has migrations to run.
 * @throws StartProblem when a migration fails; errors of an unavailable or refusing database unchanged
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  const patience = setInterval(() => log.warn(BUSY), SAY_EVERY_MS);
  try {
    // One transaction holds lock and migrations: behind a pooler, only a transaction keeps its connection.
    await runner.startTransaction();
    await runner.query('SET LOCAL statement_timeout = 0');
    await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await new MigrationExecutor(dataSource, runner).executePendingMigrations();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    if (isUnavailable(error)) throw error;
    throw new StartProblem(
      `The schema could not be migrated, and is unchanged: ${reasonOf(error)}. Does another application use this database?`,
    );
  } finally {
    clearInterval(patience);
    await runner.release();
  }
}

const BUSY =
  'The schema is being brought up to date, here or by another process, or a lock in PostgreSQL is in the way.';

/** Like `migrate`, on a separate network connection, because a migration may take longer than a request. */
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
