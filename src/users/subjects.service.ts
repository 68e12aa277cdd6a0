import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { transaction } from '../platform/database/transaction.js';
import { IN_FLIGHT_MS } from '../revocation/revocation.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import { SubjectEntity } from './subject.entity.js';

/** Disabling a subject suspends its families (each refresh checks) and revokes its access tokens. Enabling resumes the families. */
@Injectable()
export class SubjectsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async isDisabled(subject: string): Promise<boolean> {
    const found = await this.dataSource.manager.findOneBy(SubjectEntity, { subject });
    return found?.disabledAt != null;
  }

  /** Whether the subject was ever disabled. */
  isRecorded(subject: string): Promise<boolean> {
    return this.dataSource.manager.existsBy(SubjectEntity, { subject });
  }

  /** @returns the disabled ones among these subjects */
  async disabledAmong(subjects: readonly string[]): Promise<Set<string>> {
    const rows = await this.dataSource.query<{ subject: string }[]>(
      'SELECT subject FROM subjects WHERE subject = ANY($1) AND disabled_at IS NOT NULL',
      [subjects],
    );
    return new Set(rows.map(({ subject }) => subject));
  }

  async setDisabled(subject: string, disabled: boolean, origin: AuditOrigin): Promise<void> {
    await transaction(this.dataSource, (manager) => this.commitDisabled(subject, disabled, origin, manager));
  }

  /** Runs in the caller's transaction. */
  async commitDisabled(subject: string, disabled: boolean, origin: AuditOrigin, manager: EntityManager): Promise<void> {
    const now = this.clock.now();
    await manager.query(
      `INSERT INTO subjects (subject, updated_at, disabled_at) VALUES ($1, $2, $3)
       ON CONFLICT (subject) DO UPDATE SET updated_at = $2,
         disabled_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(subjects.disabled_at, $3) END`,
      [subject, new Date(now), disabled ? new Date(now) : null],
    );
    const event = disabled ? 'subject.disabled' : 'subject.enabled';
    await this.audit.append(manager, { event, at: now, subject, ...origin });
    if (!disabled) return;
    const { actor } = origin;
    const about = {
      kind: 'subject',
      value: subject,
      reason: 'subject_disabled',
      actor,
      inFlightMs: IN_FLIGHT_MS,
    } as const;
    await this.revocations.commit([{ ...about, families: 'none' }], manager);
  }
}
