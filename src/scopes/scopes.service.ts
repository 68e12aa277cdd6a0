import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditEventName, AuditOrigin } from '../platform/audit/audit-event.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import { transaction } from '../platform/database/transaction.js';
import { Clock } from '../platform/time/clock.js';
import { ScopeCatalog } from './scope-catalog.service.js';
import type { ScopeEntity } from './scope.entity.js';
import { ScopeRepository } from './scope.repository.js';
import { MAX_SCOPES, scopeProblems, type ScopeRequest } from './scope-rules.js';

/** The definition is invalid. Each problem begins with the name of its field and is shown to the admin who sent it. */
export class InvalidScope extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'InvalidScope';
  }
}

export class ScopeTaken extends Error {}

export class TooManyScopes extends Error {}

/** Defines the scopes of this deployment. */
@Injectable()
export class ScopesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: ScopeRepository,
    private readonly catalog: ScopeCatalog,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  find(name: string): Promise<ScopeEntity | null> {
    return this.repository.find(name);
  }

  /** By name, ascending. @param after the name that the page starts after */
  list(limit: number, after?: string): Promise<ScopeEntity[]> {
    return this.repository.list(limit, after);
  }

  /** @throws InvalidScope, ScopeTaken, TooManyScopes */
  async define(request: ScopeRequest, change: AuditOrigin): Promise<ScopeEntity> {
    throwProblems(scopeProblems(request));
    const now = new Date(this.clock.now());
    const scope: ScopeEntity = { ...request, createdAt: now, updatedAt: now };
    await this.changing(async (manager) => {
      if ((await this.repository.count(manager)) >= MAX_SCOPES) throw new TooManyScopes();
      await this.repository.insert(scope, manager);
      await this.record(manager, 'scope.created', scope.name, change);
    }).catch((error: unknown) => {
      throw isUniqueViolation(error) ? new ScopeTaken() : error;
    });
    return scope;
  }

  /** Two changes of one scope wait for each other. @returns undefined if there is no such scope @throws InvalidScope */
  update(name: string, changes: Partial<ScopeRequest>, change: AuditOrigin): Promise<ScopeEntity | undefined> {
    return this.changing(async (manager) => {
      const before = await this.repository.lock(name, manager);
      if (!before) return undefined;
      const after = { ...before, ...changes, updatedAt: new Date(this.clock.now()) };
      throwProblems(scopeProblems(after));
      await this.repository.update(name, after, manager);
      await this.record(manager, 'scope.updated', name, change, { fields: Object.keys(changes) });
      return after;
    });
  }

  /** Tokens with the scope stay valid, and release nothing more. @returns false if there is no such scope */
  delete(name: string, change: AuditOrigin): Promise<boolean> {
    return this.changing(async (manager) => {
      if (!(await this.repository.delete(name, manager))) return false;
      await this.record(manager, 'scope.deleted', name, change);
      return true;
    });
  }

  private async changing<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await transaction(this.dataSource, work);
    this.catalog.forget();
    return result;
  }

  private record(
    manager: EntityManager,
    event: AuditEventName,
    scope: string,
    change: AuditOrigin,
    detail: Record<string, unknown> = {},
  ) {
    return this.audit.append(manager, { event, at: this.clock.now(), ...change, detail: { scope, ...detail } });
  }
}

function throwProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidScope(problems);
}
