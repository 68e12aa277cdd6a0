import { Module } from '@nestjs/common';
import { AuditModule } from '../../platform/audit/audit.module.js';
import { AuthorizationModule } from '../../authorization/authorization.module.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { RefreshModule } from '../../refresh/refresh.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { AuthorizationCodeGrant } from './grants/authorization-code.grant.js';
import { ClientCredentialsGrant } from './grants/client-credentials.grant.js';
import { Grants, type Grant } from './grants/grant.js';
import { RefreshTokenGrant } from './grants/refresh-token.grant.js';
import { TokenController } from './token.controller.js';
import { TokenService } from './token.service.js';

const GRANTS = [RefreshTokenGrant, AuthorizationCodeGrant, ClientCredentialsGrant];

/** `POST /token`: one pipeline, and one file for each grant. */
@Module({
  imports: [ConfigModule, TimeModule, AuditModule, ClientsModule, IssuanceModule, RefreshModule, AuthorizationModule],
  controllers: [TokenController],
  providers: [
    TokenService,
    ...GRANTS,
    {
      provide: Grants,
      inject: GRANTS,
      useFactory: (...grants: Grant[]) => new Grants(grants.map((grant) => [grant.type, grant])),
    },
  ],
  exports: [Grants],
})
export class TokenModule {}
