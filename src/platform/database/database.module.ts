import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { Config } from '../config/config.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { EmbeddedDatabaseModule } from './embedded-database.module.js';
import { dataSourceOptions, type RekeyDataSourceOptions } from './data-source.js';
import { openEmbeddedDatabase, openNetworkDatabase } from './open-database.js';

/** The data source of the process: opened and migrated before other providers use it. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      imports: [EmbeddedDatabaseModule],
      inject: [Config, EmbeddedDatabase],
      useFactory: dataSourceOptions,
      dataSourceFactory: (options) => {
        const { migrateAtBoot, ...rest } = options as RekeyDataSourceOptions;
        if ('url' in rest) return openNetworkDatabase(rest as PostgresDataSourceOptions, migrateAtBoot);
        return openEmbeddedDatabase(rest as DataSourceOptions);
      },
    }),
  ],
})
export class DatabaseModule {}
