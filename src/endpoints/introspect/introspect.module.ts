import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { MetricsModule } from '../../platform/metrics/metrics.module.js';
import { RefreshModule } from '../../refresh/refresh.module.js';
import { RevocationModule } from '../../revocation/revocation.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { CallerLimit } from './caller-limit.service.js';
import { IntrospectionController } from './introspection.controller.js';
import { IntrospectionService } from './introspection.service.js';

/** `POST /introspect`. */
@Module({
  imports: [ConfigModule, TimeModule, ClientsModule, IssuanceModule, RefreshModule, RevocationModule, MetricsModule],
  controllers: [IntrospectionController],
  providers: [CallerLimit, IntrospectionService],
})
export class IntrospectModule {}
