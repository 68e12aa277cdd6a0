import { Module } from '@nestjs/common';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { FamiliesModule } from '../families/families.module.js';
import { RefreshModule } from '../refresh/refresh.module.js';
import { MailModule } from '../mail/mail.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { ProcessesModule } from '../platform/processes/processes.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { Chores } from './chores.service.js';
import { CleanupWorker } from './cleanup.worker.js';

@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    MetricsModule,
    ProcessesModule,
    FamiliesModule,
    SessionsModule,
    RevocationModule,
    RefreshModule,
    MailModule,
  ],
  providers: [Chores, CleanupWorker],
})
export class CleanupModule {}
