import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { ConsentsModule } from '../consent/consents.module.js';
import { FamiliesModule } from '../families/families.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { RefreshModule } from '../refresh/refresh.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { ScopesModule } from '../scopes/scopes.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthorizationRequests } from './authorization-requests.service.js';
import { CodeIssuer } from './code-issuer.service.js';
import { CodeRedemption } from './code-redemption.service.js';

/** Validates authorization requests, issues codes and redeems them. Pages and redirects are in `endpoints/`. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    KeysModule,
    ClientsModule,
    ConsentsModule,
    FamiliesModule,
    RevocationModule,
    UsersModule,
    ScopesModule,
    SessionsModule,
    RefreshModule,
  ],
  providers: [AuthorizationRequests, CodeIssuer, CodeRedemption],
  exports: [AuthorizationRequests, CodeIssuer, CodeRedemption],
})
export class AuthorizationModule {}
