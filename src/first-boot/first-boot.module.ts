import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { ConfigModule } from '../config/config.module.js';
import { FamiliesModule } from '../refresh/families.module.js';
import { FirstBoot } from './first-boot.service.js';

@Module({ imports: [ConfigModule, ClientsModule, FamiliesModule], providers: [FirstBoot] })
export class FirstBootModule {}
