import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigModule } from '../config/config.module.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { AuditService } from './audit.service.js';
import { AuditStore } from './audit.store.js';
import { AuditSearchStore } from './audit-search.store.js';

@Module({
  imports: [ConfigModule, TypeOrmModule.forFeature([AuditEventEntity])],
  providers: [AuditStore, AuditSearchStore, AuditService],
  exports: [AuditService],
})
export class AuditModule {}
