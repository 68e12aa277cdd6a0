import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { FamiliesModule } from '../families/families.module.js';
import { TokenFamilyEntity } from '../families/token-family.entity.js';
import { KeysModule } from '../keys/keys.module.js';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { SignOutModule } from '../sign-out/sign-out.module.js';
import { ClientHealthEntity } from './client-health.entity.js';
import { ClientHealthRepository } from './client-health.repository.js';
import { ClientHealth } from './client-health.worker.js';
import { FamilyAuthorizations } from './family-authorizations.service.js';
import { RefreshService } from './refresh.service.js';
import { ReuseResponse } from './reuse-response.service.js';
import { Rotations } from './rotations.service.js';
import { TokenFamilyRepository } from './token-family.repository.js';

/** Rotation by refresh tokens and authorization codes, retries, and the response to reuse. */
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
    TypeOrmModule.forFeature([TokenFamilyEntity, ClientHealthEntity]),
  ],
  providers: [
    TokenFamilyRepository,
    Rotations,
    FamilyAuthorizations,
    ReuseResponse,
    RefreshService,
    ClientHealthRepository,
    ClientHealth,
  ],
  exports: [RefreshService, Rotations, FamilyAuthorizations, ClientHealth],
})
export class RefreshModule {}
