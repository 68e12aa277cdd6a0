import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { SubjectEntity } from './subject.entity.js';
import { SubjectsService } from './subjects.service.js';

@Module({
  imports: [TimeModule, AuditModule, RevocationModule, TypeOrmModule.forFeature([SubjectEntity])],
  providers: [SubjectsService],
  exports: [SubjectsService],
})
export class SubjectsModule {}
