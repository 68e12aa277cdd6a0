import { Module } from '@nestjs/common';
import { MetricsModule } from '../../platform/metrics/metrics.module.js';
import { ProcessesModule } from '../../platform/processes/processes.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { RefreshModule } from '../../refresh/refresh.module.js';
import { TrackerModule } from '../../revocation/tracker.module.js';
import { ServiceGauges } from './gauges.service.js';
import { HealthController } from './health.controller.js';
import { PasswordsModule } from '../../passwords/passwords.module.js';
import { Readiness } from './readiness.service.js';

@Module({
  imports: [RefreshModule, TrackerModule, MetricsModule, TimeModule, PasswordsModule, ProcessesModule],
  controllers: [HealthController],
  providers: [Readiness, ServiceGauges],
})
export class HealthModule {}
