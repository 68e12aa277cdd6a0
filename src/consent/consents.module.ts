import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { ConsentEntity } from './consent.entity.js';
import { ConsentRepository } from './consent.repository.js';
import { Consents } from './consents.service.js';

/** Users' consents for clients. */
@Module({
  imports: [TimeModule, AuditModule, TypeOrmModule.forFeature([ConsentEntity])],
  providers: [ConsentRepository, Consents],
  exports: [Consents],
})
export class ConsentsModule {}
