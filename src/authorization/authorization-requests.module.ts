import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { AuthorizationRequests } from './authorization-requests.service.js';

/** Authorization requests without what they lead to: signing in needs them, and they do not need it. */
@Module({
  imports: [ConfigModule, ClientsModule],
  providers: [AuthorizationRequests],
  exports: [AuthorizationRequests],
})
export class AuthorizationRequestsModule {}
