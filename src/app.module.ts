import { Module } from '@nestjs/common';
import { AccountModule } from './endpoints/account/account.module.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthorizeModule } from './endpoints/authorize/authorize.module.js';
import { ConsoleModule } from './endpoints/console/console.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { DiscoveryModule } from './endpoints/discovery/discovery.module.js';
import { CleanupModule } from './cleanup/cleanup.module.js';
import { HomeModule } from './endpoints/home/home.module.js';
import { HealthModule } from './endpoints/health/health.module.js';
import { FirstBootModule } from './first-boot/first-boot.module.js';
import { IntrospectModule } from './endpoints/introspect/introspect.module.js';
import { KeysModule } from './keys/keys.module.js';
import { EndSessionModule } from './endpoints/end-session/end-session.module.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';
import { RecoveryModule } from './endpoints/recovery/recovery.module.js';
import { RevokeModule } from './endpoints/revoke/revoke.module.js';
import { TokenModule } from './endpoints/token/token.module.js';
import { UserinfoModule } from './endpoints/userinfo/userinfo.module.js';

/** The root module. */
@Module({
  imports: [
    DatabaseModule,
    MetricsModule,
    KeysModule,
    DiscoveryModule,
    AuthorizeModule,
    TokenModule,
    EndSessionModule,
    AccountModule,
    RecoveryModule,
    HomeModule,
    ConsoleModule,
    RevokeModule,
    IntrospectModule,
    UserinfoModule,
    AdminModule,
    HealthModule,
    CleanupModule,
    FirstBootModule,
  ],
})
export class AppModule {}
