import { Module } from '@nestjs/common';
import { AccountModule } from './endpoints/account/account.module.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthorizeModule } from './endpoints/authorize/authorize.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { DiscoveryModule } from './endpoints/discovery/discovery.module.js';
import { CleanupModule } from './cleanup/cleanup.module.js';
import { HealthModule } from './endpoints/health/health.module.js';
import { FirstBootModule } from './first-boot/first-boot.module.js';
import { IntrospectionModule } from './endpoints/introspect/introspection.module.js';
import { KeysModule } from './keys/keys.module.js';
import { LogoutModule } from './endpoints/end-session/logout.module.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';
import { RevocationEndpointModule } from './endpoints/revoke/revocation-endpoint.module.js';
import { TokenModule } from './endpoints/token/token.module.js';
import { UserinfoModule } from './endpoints/userinfo/userinfo.module.js';

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
