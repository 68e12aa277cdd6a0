import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import { transaction } from '../platform/database/transaction.js';
import { Clock } from '../platform/time/clock.js';
import { claimNames, consentCovers, type RequestedConsent } from './consent.js';
import { ConsentEntity } from './consent.entity.js';
import { ConsentRepository } from './consent.repository.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Users' consents, one for each client. New consent adds to it; withdrawal removes all of it. */
@Injectable()
export class Consents {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: ConsentRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  find(subject: string, clientId: string): Promise<ConsentEntity | undefined> {
    return this.repository.find(subject, clientId);
  }

  /** Newest first. */
  list(subject: string): Promise<ConsentEntity[]> {
    return this.repository.list(subject);
  }

  /** Locks the consent against withdrawal until the transaction ends. @returns false if it does not cover the request */
  async hold(subject: string, clientId: string, asked: RequestedConsent, manager: EntityManager): Promise<boolean> {
    return consentCovers(await this.repository.hold(subject, clientId, manager), asked);
  }

  /** Adds to the user's consent, in the transaction that acts on it. */
  async grant(
    subject: string,
    clientId: string,
    { scope, claims }: RequestedConsent,
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    const now = this.clock.now();
    await this.repository.add({ subject, clientId, scope, claims: claimNames(claims) }, new Date(now), manager);
    await this.audit.append(manager, {
      event: 'consent.granted',
      at: now,
      subject,
      clientId,
      ...origin,
      detail: { scope: scope.join(' ') },
    });
  }

  /**
   * @param alongside runs in the same transaction, for revocations that the withdrawal requires
   * @returns false if there is no consent to withdraw
   */
  async withdraw(
    subject: string,
    clientId: string,
    origin: AuditOrigin,
    alongside?: (manager: EntityManager) => Promise<void>,
  ): Promise<boolean> {
    return transaction(this.dataSource, async (manager) => {
      if (!(await this.repository.delete(subject, clientId, manager))) return false;
      await this.audit.append(manager, {
        event: 'consent.withdrawn',
        at: this.clock.now(),
        subject,
        clientId,
        ...origin,
      });
      await alongside?.(manager);
      return true;
    });
  }

  /** For a user who is deleted. */
  deleteAll(subject: string, manager: EntityManager): Promise<void> {
    return this.repository.deleteAll(subject, manager);
  }
}
