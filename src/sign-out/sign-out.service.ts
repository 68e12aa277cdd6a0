import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { afterCommit, transaction } from '../platform/database/transaction.js';
import { LoginSessions } from '../sessions/login-sessions.service.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { LogoutDeliveryWorker } from './logout-delivery.worker.js';
import { SignOutRecords, type EndedSession } from './sign-out-records.service.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/**
 * Ends login sessions. In the same transaction it revokes their families that are not offline, with the access tokens, and
 * stores the notices to clients, which are delivered in the background. A view clears the cookie.
 */
@Injectable()
export class SignOut {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sessions: LoginSessions,
    private readonly revocations: RevocationService,
    private readonly records: SignOutRecords,
    private readonly deliveries: LogoutDeliveryWorker,
  ) {}

  /**
   * Ends a session; repeated calls change nothing. Families with `offline_access` stay valid.
   * @param reason one word for the audit log
   */
  signOut(session: EndedSession, reason: string, origin: AuditOrigin): Promise<void> {
    return transaction(this.dataSource, async (manager) => {
      if (!(await this.sessions.end(session.id, manager))) return;
      const selection = { sessionId: session.id, offline: false };
      const familyIds = await this.revocations.commitEach(selection, { reason, actor: origin.actor }, manager);
      await this.ended([session], { reason, families: familyIds.length }, origin, manager);
    });
  }

  /** Ends all sessions of a user and revokes all families, offline ones included. */
  signOutEverywhere(subject: string, reason: string, origin: AuditOrigin): Promise<void> {
    return transaction(this.dataSource, (manager) => this.commitEverywhere(subject, { reason }, origin, manager));
  }

  /**
   * Runs in the transaction of a change that ends every session of a user.
   * @param sparesOffline keeps families with `offline_access`
   */
  async commitEverywhere(
    subject: string,
    { reason, sparesOffline = false }: { reason: string; sparesOffline?: boolean },
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    await this.endSessionsOf(subject, reason, origin, manager);
    const request = { kind: 'subject', value: subject, reason, actor: origin.actor } as const;
    const ended = sparesOffline ? { ...request, families: { subject, offline: false } } : request;
    const results = await this.revocations.commit([ended], manager);
    for (const result of results) await this.records.subjectRevoked(subject, { reason, result }, origin, manager);
  }

  /**
   * Runs in the transaction of a change by which a user locks out everybody else: ends their other sessions and revokes all
   * families that did not start in this one, offline ones included.
   */
  async commitOthers(
    { id, subject }: EndedSession,
    reason: string,
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    const sessions = await this.sessions.endAll(subject, manager, id);
    const selection = { subject, exceptSessionId: id };
    const familyIds = await this.revocations.commitEach(selection, { reason, actor: origin.actor }, manager);
    await this.records.familiesRevoked(subject, { reason, families: familyIds.length }, origin, manager);
    await this.ended(sessions, { reason }, origin, manager);
  }

  /**
   * For a revocation of everything that a user has: ends the login sessions, which could otherwise get new tokens at once. Call
   * it before the families are revoked, so that no new family appears in between.
   */
  async endSessionsOf(subject: string, reason: string, origin: AuditOrigin, manager: EntityManager): Promise<void> {
    const sessions = await this.sessions.endAll(subject, manager);
    await this.ended(sessions, { reason }, origin, manager);
  }

  /** Like `endSessionsOf`, for all users. Writes no notices or audit events, because there may be hundreds of thousands. */
  endAllSessions(manager: EntityManager): Promise<void> {
    return this.sessions.endEveryones(manager);
  }

  /** The notices to clients leave after the commit. */
  private async ended(
    sessions: readonly EndedSession[],
    why: { reason: string; families?: number },
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    await this.records.sessionsEnded(sessions, why, origin, manager);
    afterCommit(manager, () => this.deliveries.wake());
  }
}
