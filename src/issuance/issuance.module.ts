import { Module } from '@nestjs/common';
import { ConfigModule } from '../platform/config/config.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokenService } from './access-token.service.js';
import { IdTokens } from './id-token.service.js';

/** From an authorization to signed tokens, and back. */
@Module({
  imports: [ConfigModule, TimeModule, KeysModule, UsersModule],
  providers: [AccessTokenService, IdTokens],
  exports: [AccessTokenService, IdTokens],
})
export class IssuanceModule {}
