import { Module } from '@nestjs/common';
import { FirstBootModule } from '../../first-boot/first-boot.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { KeysModule } from '../../keys/keys.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { UsersModule } from '../../users/users.module.js';
import { ConsoleApiController } from './console-api.controller.js';
import { ConsoleFilesController } from './console-files.controller.js';
import { ConsoleFiles } from './console-files.service.js';
import { ConsoleSessions } from './console-sessions.service.js';
import { ConsoleSignInController } from './console-sign-in.controller.js';
import { ConsoleSignIn } from './console-sign-in.service.js';
import { ConsoleTokens } from './console-tokens.service.js';
import { OwnRequests } from './own-requests.service.js';

/**
 * `/console`: serves the web console, keeps its tokens, and passes its requests on to the admin API. It is an ordinary client of
 * this service, with no rights of its own.
 */
@Module({
  imports: [ConfigModule, TimeModule, KeysModule, UsersModule, IssuanceModule, FirstBootModule],
  controllers: [ConsoleSignInController, ConsoleApiController, ConsoleFilesController],
  providers: [ConsoleFiles, ConsoleTokens, ConsoleSessions, ConsoleSignIn, OwnRequests],
})
export class ConsoleModule {}
