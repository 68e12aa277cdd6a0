import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { EmbeddedDatabase } from './embedded-database.js';

@Module({ imports: [ConfigModule], providers: [EmbeddedDatabase], exports: [EmbeddedDatabase, ConfigModule] })
export class EmbeddedDatabaseModule {}
