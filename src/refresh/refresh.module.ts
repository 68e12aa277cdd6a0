import { Module } from '@nestjs/common';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { SignOutModule } from '../sign-out/sign-out.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { CodeFamilies } from './code-families.service.js';
import { FamiliesModule } from '../families/families.module.js';
import { RefreshService } from './refresh.service.js';
import { ReuseResponse } from './reuse-response.service.js';
import { RotationBatch } from './rotation-batch.js';
import { TokenFamilyRepository } from './token-family.repository.js';

/** Refresh tokens: families, rotation, retry and reuse. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    KeysModule,
    MetricsModule,
    RevocationModule,
    FamiliesModule,
    SignOutModule,
  ],
  providers: [TokenFamilyRepository, RotationBatch, ReuseResponse, RefreshService, CodeFamilies],
  exports: [RefreshService, CodeFamilies],
})
export class RefreshModule {}
