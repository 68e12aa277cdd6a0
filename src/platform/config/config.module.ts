import { Module } from '@nestjs/common';
import { Config } from './config.js';
import { processConfig } from './process-config.js';

@Module({ providers: [{ provide: Config, useFactory: processConfig }], exports: [Config] })
export class ConfigModule {}
