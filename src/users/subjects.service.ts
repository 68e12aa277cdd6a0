import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, DataSource, IsNull, Not, type EntityManager, type Repository } from 'typeorm';
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
    @InjectRepository(SubjectEntity) private readonly subjects: Repository<SubjectEntity>,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  isDisabled(subject: string): Promise<boolean> {
    return this.subjects.existsBy({ subject, disabledAt: Not(IsNull()) });
  }

  /** Whether the subject was ever disabled. */
  isRecorded(subject: string): Promise<boolean> {
    return this.subjects.existsBy({ subject });
  }

  /** @returns the disabled ones among these subjects */
  async disabledAmong(subjects: readonly string[]): Promise<Set<string>> {
    const disabled = await this.subjects.findBy({ subject: Any(subjects), disabledAt: Not(IsNull()) });
    return new Set(disabled.map(({ subject }) => subject));
  }

  async setDisabled(subject: string, disabled: boolean, origin: AuditOrigin): Promise<void> {
    await transaction(this.dataSource, (manager) => this.commitDisabled(subject, disabled, origin, manager));
  }

  /** Runs in the caller's transaction. */
  async commitDisabled(subject: string, disabled: boolean, origin: AuditOrigin, manager: EntityManager): Promise<void> {
    const now = this.clock.now();
    // SQL, because TypeORM's upsert cannot keep the time of a subject that is disabled already.
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
