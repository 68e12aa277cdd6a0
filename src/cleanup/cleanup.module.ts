import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ConfigModule } from '../config/config.module.js';
import { LoginSessionsModule } from '../login/login-sessions.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { FamiliesModule } from '../refresh/families.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TimeModule } from '../time/time.module.js';
import { Chores } from './chores.service.js';
import { CleanupWorker } from './cleanup.worker.js';

@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    MetricsModule,
    FamiliesModule,
    LoginSessionsModule,
    RevocationModule,
  ],
  providers: [Chores, CleanupWorker],
})
export class CleanupModule {}
