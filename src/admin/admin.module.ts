import { Module } from '@nestjs/common';
import { AuditModule } from '../platform/audit/audit.module.js';
import { IssuanceModule } from '../issuance/issuance.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { ConsentsModule } from '../consent/consents.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { SignOutModule } from '../sign-out/sign-out.module.js';
import { FamiliesModule } from '../families/families.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { RefreshModule } from '../refresh/refresh.module.js';
import { ScopesModule } from '../scopes/scopes.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { AuditController } from './audit.controller.js';
import { ClientAdministration } from './client-administration.service.js';
import { ClientHealthReports } from './client-health.service.js';
import { ClientSecretsController } from './client-secrets.controller.js';
import { ClientsController } from './clients.controller.js';
import { Confirmations } from './confirmations.service.js';
import { ExplainController } from './explain.controller.js';
import { Explanations } from './explanation.service.js';
import { FamiliesController } from './families.controller.js';
import { FamilyAdministration } from './family-administration.service.js';
import { FamilyTimelines } from './family-timeline.service.js';
import { KeyAdministration } from './key-administration.service.js';
import { KnownNames } from './known-names.service.js';
import { KeysController } from './keys.controller.js';
import { MasterKeysController } from './master-keys.controller.js';
import { Paging } from './paging.service.js';
import { RevocationAdministration } from './revocation-administration.service.js';
import { RoleGuard } from './role.guard.js';
import { RevocationsController } from './revocations.controller.js';
import { ScopeAdministration } from './scope-administration.service.js';
import { ScopesController } from './scopes.controller.js';
import { SubjectsController } from './subjects.controller.js';
import { UserAdministration } from './user-administration.service.js';
import { UserImportAdministration } from './user-import-administration.service.js';
import { UserConsentsController } from './user-consents.controller.js';
import { UserSessionsController } from './user-sessions.controller.js';
import { UsersController } from './users.controller.js';

/** `/admin/v1`: calls the services and is guarded by our own access tokens. Nothing depends on it. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    ClientsModule,
    FamiliesModule,
    RefreshModule,
    RevocationModule,
    UsersModule,
    KeysModule,
    IssuanceModule,
    SignOutModule,
    SessionsModule,
    ConsentsModule,
    ScopesModule,
  ],
  controllers: [
    ClientsController,
    ClientSecretsController,
    FamiliesController,
    RevocationsController,
    ScopesController,
    SubjectsController,
    UsersController,
    UserSessionsController,
    UserConsentsController,
    AuditController,
    KeysController,
    ExplainController,
    MasterKeysController,
  ],
  providers: [
    ClientAdministration,
    ClientHealthReports,
    FamilyAdministration,
    Explanations,
    Confirmations,
    FamilyTimelines,
    KnownNames,
    RevocationAdministration,
    KeyAdministration,
    ScopeAdministration,
    UserAdministration,
    UserImportAdministration,
    Paging,
    RoleGuard,
  ],
})
export class AdminModule {}
