import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ConfigModule } from '../config/config.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { FamiliesModule } from '../refresh/families.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TimeModule } from '../time/time.module.js';
import { CleanupWorker } from './cleanup.worker.js';

@Module({
  imports: [ConfigModule, TimeModule, AuditModule, MetricsModule, FamiliesModule, RevocationModule],
  providers: [CleanupWorker],
})
export class CleanupModule {}
