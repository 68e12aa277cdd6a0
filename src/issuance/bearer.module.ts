import { Module } from '@nestjs/common';
import { ConfigModule } from '../platform/config/config.module.js';
import { IssuanceModule } from './issuance.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { AccessTokenAdmission } from './access-token-admission.service.js';

/** Our own access tokens at our own routes. */
@Module({
  imports: [ConfigModule, IssuanceModule, RevocationModule],
  providers: [AccessTokenAdmission],
  exports: [AccessTokenAdmission],
})
export class BearerModule {}
