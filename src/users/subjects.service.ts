import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { transaction } from '../platform/database/transaction.js';
import { IN_FLIGHT_MS } from '../revocation/revocation.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import { SubjectRepository } from './subject.repository.js';

/** Disabling a subject suspends its families (each refresh checks) and revokes its access tokens. Enabling resumes the families. */
@Injectable()
export class SubjectsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: SubjectRepository,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  isDisabled(subject: string): Promise<boolean> {
    return this.repository.isDisabled(subject);
  }

  /** Whether the subject was ever disabled. */
  isRecorded(subject: string): Promise<boolean> {
    return this.repository.isRecorded(subject);
  }

  /** @returns the disabled ones among these subjects */
  disabledAmong(subjects: readonly string[]): Promise<Set<string>> {
    return this.repository.disabledAmong(subjects);
  }

  async setDisabled(subject: string, disabled: boolean, origin: AuditOrigin): Promise<void> {
    await transaction(this.dataSource, (manager) => this.commitDisabled(subject, disabled, origin, manager));
  }

  /** Runs in the caller's transaction. */
  async commitDisabled(subject: string, disabled: boolean, origin: AuditOrigin, manager: EntityManager): Promise<void> {
    const now = this.clock.now();
    await this.repository.setDisabled(subject, disabled, new Date(now), manager);
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
