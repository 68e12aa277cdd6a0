import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import { FamiliesService } from '../families/families.service.js';
import type { RevocationResult } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import { LogoutNotices } from './logout-notices.service.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

export interface EndedSession {
  readonly id: string;
  readonly subject: string;
}

/** Writes the logout notices and audit events of a sign-out, in its transaction. */
@Injectable()
export class SignOutRecords {
  constructor(
    private readonly families: FamiliesService,
    private readonly notices: LogoutNotices,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Notifies clients whose offline families stay valid too, because their user has left the browser. */
  async sessionsEnded(
    sessions: readonly EndedSession[],
    { reason, families }: { reason: string; families?: number },
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    const subjects = new Map(sessions.map(({ id, subject }) => [id, subject]));
    const clients = await this.families.clientsOfSessions([...subjects.keys()], manager);
    const notices = clients.map((client) => ({ ...client, subject: subjects.get(client.sessionId)! }));
    const told = new Map<string, number>();
    for (const id of await this.notices.add(notices, manager)) told.set(id, (told.get(id) ?? 0) + 1);
    const at = this.clock.now();
    const events = sessions.map(({ id, subject }) => ({
      event: 'session.ended' as const,
      reason,
      at,
      subject,
      sid: id,
      ...origin,
      detail: { families, notices: told.get(id) ?? 0 },
    }));
    await this.audit.append(manager, ...events);
  }

  async familiesRevoked(
    subject: string,
    { reason, families }: { reason: string; families: number },
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    if (families === 0) return;
    const detail = { kind: 'family', families };
    await this.audit.append(manager, {
      event: 'revocation.created',
      reason,
      at: this.clock.now(),
      subject,
      ...origin,
      detail,
    });
  }

  async subjectRevoked(
    subject: string,
    { reason, result: { id, hits } }: { reason: string; result: RevocationResult },
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    await this.audit.append(manager, {
      event: 'revocation.created',
      reason,
      at: this.clock.now(),
      subject,
      ...origin,
      detail: { revocation_id: id, kind: 'subject', families: hits.families, subjects: hits.subjects },
    });
  }
}
