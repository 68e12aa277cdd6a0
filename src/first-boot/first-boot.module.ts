import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { FamiliesModule } from '../families/families.module.js';
import { UsersModule } from '../users/users.module.js';
import { DemoClient } from './demo-client.service.js';
import { EmbeddedStart } from './embedded-start.service.js';
import { FirstBoot } from './first-boot.service.js';
import { Registrar } from './registrar.service.js';

/** Registers the first clients and users when the service starts. */
@Module({
  imports: [ConfigModule, ClientsModule, FamiliesModule, UsersModule],
  providers: [Registrar, EmbeddedStart, FirstBoot, DemoClient],
  exports: [DemoClient, Registrar],
})
export class FirstBootModule {}
