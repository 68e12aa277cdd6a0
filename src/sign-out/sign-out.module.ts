import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { EgressModule } from '../platform/egress/egress.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { FamiliesModule } from '../families/families.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { BackchannelRequest } from './backchannel-request.service.js';
import { LogoutDeliveryWorker } from './logout-delivery.worker.js';
import { LogoutNoticeEntity } from './logout-notice.entity.js';
import { LogoutNotices } from './logout-notices.service.js';
import { LogoutNoticesRepository } from './logout-notices.repository.js';
import { LogoutTokens } from './logout-token.service.js';
import { SignOutRecords } from './sign-out-records.service.js';
import { SignOut } from './sign-out.service.js';

/** Ends login sessions and notifies clients. The endpoint is in `EndSessionModule`. */
@Module({
  imports: [
    ConfigModule,
    EgressModule,
    TimeModule,
    AuditModule,
    MetricsModule,
    ClientsModule,
    KeysModule,
    SessionsModule,
    FamiliesModule,
    RevocationModule,
    TypeOrmModule.forFeature([LogoutNoticeEntity]),
  ],
  providers: [
    LogoutNoticesRepository,
    LogoutNotices,
    LogoutTokens,
    BackchannelRequest,
    LogoutDeliveryWorker,
    SignOutRecords,
    SignOut,
  ],
  exports: [SignOut],
})
export class SignOutModule {}
