import { Module } from '@nestjs/common';
import { AuditModule } from '../../platform/audit/audit.module.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { RefreshModule } from '../../refresh/refresh.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { RevocationController } from './revocation.controller.js';
import { RevocationModule } from '../../revocation/revocation.module.js';
import { TokenRevocationService } from './token-revocation.service.js';

/** `POST /revoke`. Separate from `RevocationModule`, on which refresh tokens depend. */
@Module({
  imports: [TimeModule, AuditModule, ClientsModule, IssuanceModule, RefreshModule, RevocationModule],
  controllers: [RevocationController],
  providers: [TokenRevocationService],
})
export class RevokeModule {}
