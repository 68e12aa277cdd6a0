import { Module } from '@nestjs/common';
import { ProcessesModule } from '../processes/processes.module.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';

@Module({ imports: [ProcessesModule], controllers: [MetricsController], providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
