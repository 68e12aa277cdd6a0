import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigModule } from '../config/config.module.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { AuditService } from './audit.service.js';
import { AuditRepository } from './audit.repository.js';
import { AuditSearchRepository } from './audit-search.repository.js';

@Module({
  imports: [ConfigModule, TypeOrmModule.forFeature([AuditEventEntity])],
  providers: [AuditRepository, AuditSearchRepository, AuditService],
  exports: [AuditService],
})
export class AuditModule {}
