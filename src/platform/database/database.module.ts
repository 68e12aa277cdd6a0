import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Config } from '../config/config.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { EmbeddedDatabaseModule } from './embedded-database.module.js';
import { dataSourceOptions, type RekeyDataSourceOptions } from './data-source.js';
import { migrate, migrateOverNetwork } from './migrate.js';

/** The data source of the process: opened, and brought to the newest schema, before anything else is built on it. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      imports: [EmbeddedDatabaseModule],
      inject: [Config, EmbeddedDatabase],
      useFactory: dataSourceOptions,
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
