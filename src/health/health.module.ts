import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MetricsModule } from '../metrics/metrics.module.js';
import { ServiceGauges } from './service-gauges.js';
import { TrackerModule } from '../revocation/tracker.module.js';
import { DatabaseHealth } from './database.health.js';
import { HealthController } from './health.controller.js';
import { TrackerHealth } from './tracker.health.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), TrackerModule, MetricsModule],
  controllers: [HealthController],
  providers: [DatabaseHealth, TrackerHealth, ServiceGauges],
})
export class HealthModule {}
