import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { TimeModule } from '../time/time.module.js';
import { AccessTokenService } from './access-token.service.js';

/** From an authorization to a signed token, and back. */
@Module({
  imports: [ConfigModule, TimeModule, KeysModule],
  providers: [AccessTokenService],
  exports: [AccessTokenService],
})
export class IssuanceModule {}
