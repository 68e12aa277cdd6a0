/**
 * The TypeORM options for the database, over the network or embedded. The time limits ensure that an unreachable or stuck
 * database leads to a 503 within two seconds.
 */
import type { TypeOrmModuleOptions } from '@nestjs/typeorm';
import { AbstractLogger } from 'typeorm';
import { Config } from '../config/config.js';
import { DatabasePool } from './database-pool.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import { migrations } from './migrations.js';
import { NetworkClient } from './network-client.js';

/** Together less than two seconds, the time limit of an answer. */
const CONNECT_TIMEOUT_MS = 800;
const STATEMENT_TIMEOUT_MS = 1000;

/** TypeORM prints migration errors whatever `logging` says. They are thrown too, and logged once where they are caught. */
class Silence extends AbstractLogger {
  protected override isLogEnabledFor(): boolean {
    return false;
  }

  protected override writeLog(): void {}
}

const common = {
  type: 'postgres',
  migrations,
  migrationsTransactionMode: 'all',
  autoLoadEntities: true,
  synchronize: false,
  logger: new Silence(),
  toRetry: () => false, // `awaitDatabase` retries, and logs why
  poolErrorHandler: () => undefined, // the pool has discarded the connection; the next borrower gets a fresh one or the error
} as const;

/** With `migrateAtBoot` for the module that opens it; the embedded database always migrates. */
export type RekeyDataSourceOptions = TypeOrmModuleOptions & { migrateAtBoot: boolean };

export async function dataSourceOptions(config: Config, embedded: EmbeddedDatabase): Promise<RekeyDataSourceOptions> {
  const { migrateAtBoot } = config;
  if (!config.databaseUrl) {
    return { ...common, migrateAtBoot, driver: { Pool: await embedded.open() }, poolSize: 1 };
  }
  return {
    ...common,
    migrateAtBoot,
    url: config.databaseUrl,
    driver: { Pool: DatabasePool },
    poolSize: config.databasePool,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    applicationName: 'rekey',
    extra: {
      Client: NetworkClient,
      query_timeout: STATEMENT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS - 100, // the server times out first, so that the outcome is known
      idle_in_transaction_session_timeout: 5000,
      keepAlive: true,
    },
  };
}
