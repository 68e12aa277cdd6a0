import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { ConfigModule } from '../config/config.module.js';
import { Config } from '../config/config.js';
import { dataSourceOptions, type RekeyDataSourceOptions } from './data-source.js';
import { migrate, migrateOverNetwork } from './migrate.js';

/** The data source of the process: opened, and brought to the newest schema, before anything else is built on it. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: (config: Config) => dataSourceOptions(config),
      dataSourceFactory: (options) => openDataSource(options as RekeyDataSourceOptions),
    }),
  ],
})
export class DatabaseModule {}

async function openDataSource({ migrateAtBoot, ...options }: RekeyDataSourceOptions): Promise<DataSource> {
  const embedded = 'driver' in options;
  if (migrateAtBoot && !embedded) await migrateOverNetwork(options as DataSourceOptions);
  const dataSource = await new DataSource(options as DataSourceOptions).initialize();
  if (embedded) await migrate(dataSource);
  return dataSource;
}
