import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { transaction } from '../database/transaction.js';
import { IN_FLIGHT_MS } from '../revocation/revocation.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { Clock } from '../time/clock.js';
import { SubjectEntity } from './subject.entity.js';

/** Disabling a subject suspends its families (each refresh asks) and ends its access tokens at once. Enabling resumes the families. */
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

  async setDisabled(subject: string, disabled: boolean, actor: string, correlationId: string): Promise<void> {
    const now = this.clock.now();
    const revocations = await transaction(this.dataSource, async (manager) => {
      await manager.query(
        `INSERT INTO subjects (subject, updated_at, disabled_at) VALUES ($1, $2, $3)
         ON CONFLICT (subject) DO UPDATE SET updated_at = $2,
           disabled_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(subjects.disabled_at, $3) END`,
        [subject, new Date(now), disabled ? new Date(now) : null],
      );
      await this.audit.append(manager, {
        event: disabled ? 'subject.disabled' : 'subject.enabled',
        at: now,
        subject,
        actor,
        correlationId,
      });
      if (!disabled) return [];
      const notBefore = now + IN_FLIGHT_MS;
      const request = {
        kind: 'subject',
        value: subject,
        reason: 'subject_disabled',
        actor,
        families: 'none',
        notBefore,
      } as const;
      return (await this.revocations.commit([request], manager)).revocations;
    });
    await this.revocations.publish(revocations);
  }
}
