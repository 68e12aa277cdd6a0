import { Module } from '@nestjs/common';
import { ConfigModule } from '../platform/config/config.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { UsersModule } from '../users/users.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { ScopesModule } from '../scopes/scopes.module.js';
import { IssuanceService } from './issuance.service.js';

/** Issues tokens from an authorization, and checks our own access tokens when they come back. */
@Module({
  imports: [ConfigModule, TimeModule, KeysModule, RevocationModule, ScopesModule, UsersModule],
  providers: [IssuanceService],
  exports: [IssuanceService],
})
export class IssuanceModule {}
