import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import { retryDelayMs } from '../platform/outbox/retry-delay.js';
import { transaction } from '../platform/database/transaction.js';
import { Clock } from '../platform/time/clock.js';
import { LINK_LIFETIME_MS } from './mail-link.js';
import type { MailEntity } from './mail.entity.js';
import { MailRepository } from './mail.repository.js';

/** Longer than an attempt, whose every step has a time limit. */
const LEASE_MS = 120_000;

/** A mail that could not be sent for so long is given up. */
const LIFETIME_MS = 24 * 60 * 60_000;

/** The mails to send, and what became of them. */
@Injectable()
export class MailOutbox {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: MailRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  lease(limit: number): Promise<MailEntity[]> {
    const now = this.clock.now();
    return this.repository.lease({ now, until: now + LEASE_MS, expiresAt: now + LINK_LIFETIME_MS }, limit);
  }

  async sent(mail: MailEntity): Promise<void> {
    await this.end(mail, 'mail.sent', undefined, (manager) => this.repository.schedule(mail, null, manager));
  }

  /** Schedules a retry, unless it has been tried for a day. @returns whether it was given up */
  async failed(mail: MailEntity, reason: string): Promise<boolean> {
    const at = this.clock.now() + retryDelayMs(mail.attempts, Math.random());
    const givesUp = at >= mail.createdAt.getTime() + LIFETIME_MS;
    if (givesUp) await this.giveUp(mail, reason);
    else await this.repository.schedule(mail, new Date(at));
    return givesUp;
  }

  async giveUp(mail: MailEntity, reason: string): Promise<void> {
    await this.end(mail, 'mail.unsent', reason, (manager) => this.repository.delete(mail.id, manager));
  }

  private end(
    { subject, recipient, kind, attempts }: MailEntity,
    event: 'mail.sent' | 'mail.unsent',
    reason: string | undefined,
    change: (manager: EntityManager) => Promise<boolean>,
  ): Promise<void> {
    return transaction(this.dataSource, async (manager) => {
      if (!(await change(manager)) || recipient === null) return;
      const detail = { kind, attempts };
      const at = this.clock.now();
      await this.audit.append(manager, { event, reason, at, subject: subject ?? undefined, detail });
    });
  }
}
