import { Module } from '@nestjs/common';
import { AuditModule } from '../../platform/audit/audit.module.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { ConsentsModule } from '../../consent/consents.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { SignOutModule } from '../../sign-out/sign-out.module.js';
import { PagesModule } from '../../pages/pages.module.js';
import { FamiliesModule } from '../../families/families.module.js';
import { RevocationModule } from '../../revocation/revocation.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { ScopesModule } from '../../scopes/scopes.module.js';
import { UsersModule } from '../../users/users.module.js';
import { AccountAccess } from './account-access.service.js';
import { AccountPasswordController } from './account-password.controller.js';
import { AccountPassword } from './account-password.service.js';
import { AccountPasswordView } from './account-password.view.js';
import { AccountController } from './account.controller.js';
import { AccountOverview } from './account-overview.service.js';
import { AccountSessions } from './account-sessions.service.js';
import { AccountView } from './account.view.js';

/** `/account`: a user's sessions, the clients with access, the consents, and how to end each. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    ClientsModule,
    ConsentsModule,
    FamiliesModule,
    RevocationModule,
    SessionsModule,
    SignOutModule,
    PagesModule,
    UsersModule,
    ScopesModule,
  ],
  controllers: [AccountController, AccountPasswordController],
  providers: [AccountOverview, AccountSessions, AccountAccess, AccountPassword, AccountView, AccountPasswordView],
})
export class AccountModule {}
