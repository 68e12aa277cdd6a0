import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { PagesModule } from '../../pages/pages.module.js';
import { UsersModule } from '../../users/users.module.js';
import { EndSessionController } from './end-session.controller.js';
import { EndSession } from './end-session.service.js';
import { EndSessionView } from './end-session.view.js';
import { SignOutModule } from '../../sign-out/sign-out.module.js';

/** `/end-session`: logout requested by a client. Separate from `SignOutModule`, on which signing in depends. */
@Module({
  imports: [ConfigModule, ClientsModule, IssuanceModule, SessionsModule, PagesModule, UsersModule, SignOutModule],
  controllers: [EndSessionController],
  providers: [EndSession, EndSessionView],
})
export class EndSessionModule {}
