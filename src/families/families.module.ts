import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { AdoptedFamilies } from './adopted-families.service.js';
import { FamiliesService } from './families.service.js';
import { FamiliesRepository } from './families.repository.js';
import { TokenFamilyEntity } from './token-family.entity.js';

/** Token families, except refreshing. */
@Module({
  imports: [ConfigModule, TimeModule, AuditModule, KeysModule, TypeOrmModule.forFeature([TokenFamilyEntity])],
  providers: [FamiliesRepository, FamiliesService, AdoptedFamilies],
  exports: [FamiliesService, AdoptedFamilies],
})
export class FamiliesModule {}
