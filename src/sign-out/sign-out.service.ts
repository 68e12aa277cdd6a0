import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { transaction } from '../platform/database/transaction.js';
import { LoginSessions } from '../sessions/login-sessions.service.js';
import type { Revocation } from '../revocation/revocation.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { LogoutDeliveryWorker } from './logout-delivery.worker.js';
import { SignOutTrail, type EndedSession, type SignOutOrigin } from './sign-out-trail.service.js';

/**
 * Ends login sessions. In the same transaction it revokes their families that are not offline, with the access tokens, and
 * stores the notices to clients, which are delivered in the background. The controller clears the cookie.
 */
@Injectable()
export class SignOut {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sessions: LoginSessions,
    private readonly revocations: RevocationService,
    private readonly trail: SignOutTrail,
    private readonly deliveries: LogoutDeliveryWorker,
  ) {}

  /**
   * Ends a session; repeated calls change nothing. Families with `offline_access` stay valid.
   * @param reason one word for the audit log
   */
  signOut(session: EndedSession, reason: string, origin: SignOutOrigin): Promise<void> {
    return this.inOne(async (manager) => {
      if (!(await this.sessions.end(session.id, manager))) return [];
      const selection = { sessionId: session.id, offline: false };
      const by = { reason, actor: origin.actor };
      const { sids, revocations } = await this.revocations.commitEach(selection, by, manager);
      await this.trail.sessionsEnded([session], { reason, families: sids.length }, origin, manager);
      return revocations;
    });
  }

  /** Ends all sessions of a user and revokes all families, offline ones included. */
  signOutEverywhere(subject: string, reason: string, origin: SignOutOrigin): Promise<void> {
    return this.inOne((manager) => this.commitEverywhere(subject, { reason }, origin, manager));
  }

  /**
   * Runs in the transaction of a change that ends every session of a user.
   * @param sparesOffline keeps families with `offline_access`
   * @returns the revocations to `publish` once that is committed
   */
  async commitEverywhere(
    subject: string,
    { reason, sparesOffline = false }: { reason: string; sparesOffline?: boolean },
    origin: SignOutOrigin,
    manager: EntityManager,
  ): Promise<readonly Revocation[]> {
    await this.endSessionsOf(subject, reason, origin, manager);
    const request = { kind: 'subject', value: subject, reason, actor: origin.actor } as const;
    const ended = sparesOffline ? { ...request, families: { subject, offline: false } } : request;
    const { results, revocations } = await this.revocations.commit([ended], manager);
    for (const result of results) await this.trail.subjectRevoked(subject, { reason, result }, origin, manager);
    return revocations;
  }

  /**
   * For a revocation of everything that a user has: ends the login sessions, which could otherwise get new tokens at once. Call
   * it before the families are revoked, so that no new family appears in between.
   */
  async endSessionsOf(subject: string, reason: string, origin: SignOutOrigin, manager: EntityManager): Promise<void> {
    const sessions = await this.sessions.endAll(subject, manager);
    await this.trail.sessionsEnded(sessions, { reason }, origin, manager);
  }

  /** Like `endSessionsOf`, for all users. Writes no notices or audit events, because there may be hundreds of thousands. */
  endAllSessions(manager: EntityManager): Promise<void> {
    return this.sessions.endEveryones(manager);
  }

  async publish(revocations: readonly Revocation[]): Promise<void> {
    await this.revocations.publish(revocations);
    this.deliveries.wake();
  }

  private async inOne(end: (manager: EntityManager) => Promise<readonly Revocation[]>): Promise<void> {
    await this.publish(await transaction(this.dataSource, end));
  }
}
