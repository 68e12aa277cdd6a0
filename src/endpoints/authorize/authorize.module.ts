import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { ConsentsModule } from '../../consent/consents.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { AuditModule } from '../../platform/audit/audit.module.js';
import { KeysModule } from '../../keys/keys.module.js';
import { LoginModule } from '../login.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { PagesModule } from '../../pages/pages.module.js';
import { FamiliesModule } from '../../families/families.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { UsersModule } from '../../users/users.module.js';
import { AuthorizationModule } from '../../authorization/authorization.module.js';
import { ScopesModule } from '../../scopes/scopes.module.js';
import { AuthorizationRefusals } from './authorization-refusals.service.js';
import { AuthorizeController } from './authorize.controller.js';
import { AuthorizeService } from './authorize.service.js';
import { AuthorizeView } from './authorize.view.js';
import { ConsentView } from './consent.view.js';
import { Situations } from './situations.service.js';

/** `/authorize` and `/consent`: from a client's request to a code, with sign-in and consent in between. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    ClientsModule,
    KeysModule,
    IssuanceModule,
    FamiliesModule,
    ConsentsModule,
    PagesModule,
    UsersModule,
    SessionsModule,
    LoginModule,
    AuthorizationModule,
    ScopesModule,
  ],
  controllers: [AuthorizeController],
  providers: [AuthorizeService, AuthorizationRefusals, Situations, AuthorizeView, ConsentView],
})
export class AuthorizeModule {}
