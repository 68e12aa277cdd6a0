import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { ScopeCatalog } from './scope-catalog.service.js';
import { ScopeEntity } from './scope.entity.js';
import { ScopeRepository } from './scope.repository.js';
import { ScopesService } from './scopes.service.js';

/** The scopes of this deployment: their texts, the claims that they release, and where to. */
@Module({
  imports: [TimeModule, AuditModule, TypeOrmModule.forFeature([ScopeEntity])],
  providers: [ScopeRepository, ScopeCatalog, ScopesService],
  exports: [ScopeCatalog, ScopesService],
})
export class ScopesModule {}
