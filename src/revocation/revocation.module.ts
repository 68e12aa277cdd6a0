import { Module } from '@nestjs/common';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { FamiliesModule } from '../families/families.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { RevocationService } from './revocation.service.js';
import { TrackerModule } from './tracker.module.js';

/** Durable revocations and their tracker: revokes tokens, and answers whether one is revoked. */
@Module({
  imports: [ConfigModule, TimeModule, AuditModule, FamiliesModule, MetricsModule, TrackerModule],
  providers: [RevocationService],
  exports: [RevocationService],
})
export class RevocationModule {}
