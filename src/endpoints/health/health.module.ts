import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { MetricsModule } from '../../platform/metrics/metrics.module.js';
import { ServiceGauges } from './gauges.service.js';
import { TrackerModule } from '../../revocation/tracker.module.js';
import { DatabaseHealth } from './database-health.service.js';
import { HealthController } from './health.controller.js';
import { UsersModule } from '../../users/users.module.js';
import { TrackerHealth } from './tracker-health.service.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), TrackerModule, MetricsModule, UsersModule],
  controllers: [HealthController],
  providers: [DatabaseHealth, TrackerHealth, ServiceGauges],
})
export class HealthModule {}
