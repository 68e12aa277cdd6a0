import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEventName, AuditOrigin } from '../platform/audit/audit-event.js';
import { transaction } from '../platform/database/transaction.js';
import { Clock } from '../platform/time/clock.js';

export interface UserTransaction {
  readonly manager: EntityManager;
  readonly now: Date;
  /** Records an audit event of the change, for one user or for many. */
  readonly record: (
    event: AuditEventName,
    subjects: string | readonly string[],
    detail?: Readonly<Record<string, unknown>>,
  ) => Promise<void>;
}

/** Changes to users, each in one transaction with its audit events. */
@Injectable()
export class UserChanges {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @param work must change only the database: it is run again after a conflict with another transaction */
  make<T>(change: AuditOrigin, work: (step: UserTransaction) => Promise<T>): Promise<T> {
    return transaction(this.dataSource, (manager) => {
      const at = this.clock.now();
      return work({
        manager,
        now: new Date(at),
        record: (event, subjects, detail) => {
          const events = [subjects].flat().map((subject) => ({ event, at, subject, ...change, detail }));
          return this.audit.append(manager, ...events);
        },
      });
    });
  }
}
