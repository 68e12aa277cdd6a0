import { DataSource, MigrationExecutor, type DataSourceOptions } from 'typeorm';
import { NetworkClient } from './network-client.js';

/** Any constant will do, as long as nothing else in this database uses it. */
const MIGRATION_LOCK = 0x72656b65;

/** Brings the schema up to date. Replicas that boot together take turns, and all but the first find nothing left to do. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    // On this one connection: the pool of the embedded database has no other.
    await new MigrationExecutor(dataSource, runner).executePendingMigrations();
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.release();
  }
}

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
