/** Opens the data source of a process and brings the schema up to date. */
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { addressOf, awaitDatabase } from './await-database.js';
import { migrate, migrateOverNetwork } from './migrate.js';
import { PooledClient } from './pooled-client.js';
import { isBehindPooler, logPooler, type LimitedConfig } from './pooler.js';

export async function openEmbeddedDatabase(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  await migrate(dataSource);
  return dataSource;
}

/** @throws StartProblem when the database is unreachable, refuses the login, or cannot be migrated */
export function openNetworkDatabase(options: PostgresDataSourceOptions, migrateAtBoot: boolean): Promise<DataSource> {
  return awaitDatabase(
    async () => {
      if (migrateAtBoot) await migrateOverNetwork(options);
      return new DataSource(await withPooler(options)).initialize();
    },
    addressOf(options.url ?? ''),
  );
}

async function withPooler(options: PostgresDataSourceOptions): Promise<PostgresDataSourceOptions> {
  const extra = options.extra as LimitedConfig;
  const config = { ...extra, connectionString: options.url, connectionTimeoutMillis: options.connectTimeoutMS };
  if (!(await isBehindPooler(config))) return options;
  await logPooler(config);
  return { ...options, extra: { ...extra, Client: PooledClient } };
}
