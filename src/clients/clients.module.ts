import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { LimitsModule } from '../platform/limits/limits.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { ScopesModule } from '../scopes/scopes.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { ClientAuthenticationService } from './client-authentication.service.js';
import { ClientBasicStrategy } from './client-basic.strategy.js';
import { ClientDirectory } from './client-directory.service.js';
import { ClientEntity } from './client.entity.js';
import { ClientSecretEntity } from './client-secret.entity.js';
import { ClientsService } from './clients.service.js';
import { ClientRepository } from './client.repository.js';
import { FailedAuthentications } from './failed-authentications.service.js';
import { ImportedSecrets } from './imported-secrets.service.js';
import { SecretUse } from './secret-use.worker.js';

/** The clients, their secrets, and their authentication. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    MetricsModule,
    LimitsModule,
    KeysModule,
    PasswordsModule,
    ScopesModule,
    TypeOrmModule.forFeature([ClientEntity, ClientSecretEntity]),
  ],
  providers: [
    ClientRepository,
    ClientsService,
    ClientDirectory,
    FailedAuthentications,
    SecretUse,
    ImportedSecrets,
    ClientAuthenticationService,
    ClientBasicStrategy,
  ],
  exports: [ClientBasicStrategy, ClientDirectory, ClientAuthenticationService, ClientsService],
})
export class ClientsModule {}
