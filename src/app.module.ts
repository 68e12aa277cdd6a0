import { Module } from '@nestjs/common';
import { AccountModule } from './account/account.module.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthorizeModule } from './authorize/authorize.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DiscoveryModule } from './discovery/discovery.module.js';
import { CleanupModule } from './cleanup/cleanup.module.js';
import { HealthModule } from './health/health.module.js';
import { FirstBootModule } from './first-boot/first-boot.module.js';
import { IntrospectionModule } from './introspection/introspection.module.js';
import { KeysModule } from './keys/keys.module.js';
import { LogoutModule } from './logout/logout.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { RevocationEndpointModule } from './revocation/revocation-endpoint.module.js';
import { TokenModule } from './token/token.module.js';
import { UserinfoModule } from './userinfo/userinfo.module.js';

/** What the service is made of. */
@Module({
  imports: [
    DatabaseModule,
    MetricsModule,
    KeysModule,
    DiscoveryModule,
    AuthorizeModule,
    TokenModule,
    LogoutModule,
    AccountModule,
    RevocationEndpointModule,
    IntrospectionModule,
    UserinfoModule,
    AdminModule,
    HealthModule,
    CleanupModule,
    FirstBootModule,
  ],
})
export class AppModule {}
