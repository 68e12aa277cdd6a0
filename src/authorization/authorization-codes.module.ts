import { Module } from '@nestjs/common';
import { AuditModule } from '../platform/audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { RefreshModule } from '../refresh/refresh.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { UsersModule } from '../users/users.module.js';
import { CodeRedemption } from './code-redemption.service.js';

/** Authorization codes as the token endpoint sees them. */
@Module({
  imports: [TimeModule, AuditModule, KeysModule, RefreshModule, RevocationModule, UsersModule],
  providers: [CodeRedemption],
  exports: [CodeRedemption],
})
export class AuthorizationCodesModule {}
