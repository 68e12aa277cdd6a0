import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, IsNull, LessThanOrEqual, MoreThan, Not, type EntityManager, type Repository } from 'typeorm';
import { patiently } from '../platform/database/patient-statement.js';
import { SubjectEntity } from '../users/subject.entity.js';
import { UserEntity } from '../users/user.entity.js';
import type { LoginSession } from './login-session.js';
import { LoginSessionEntity } from './login-session.entity.js';

/** The times that decide whether a session is live. */
export interface Liveness {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly idleMs: number;
}

export interface Renewal {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly session: LoginSession;
}

/** `login_sessions`. */
@Injectable()
export class LoginSessionRepository {
  constructor(@InjectRepository(LoginSessionEntity) private readonly sessions: Repository<LoginSessionEntity>) {}

  /** The live session of a cookie, if its user exists and is not disabled. */
  async findLive(digest: Buffer, liveness: Liveness): Promise<LoginSession | undefined> {
    const row = await this.sessions
      .createQueryBuilder('s')
      .innerJoin(UserEntity, 'u', 'u.subject = s.subject AND u.deletedAt IS NULL')
      .leftJoin(SubjectEntity, 'd', 'd.subject = s.subject')
      .where({ cookieDigest: digest, ...live(liveness) })
      .andWhere('d.disabledAt IS NULL')
      .getOne();
    return row ? toSession(row) : undefined;
  }

  /** Includes expired sessions. @param key the id, or the digest of the cookie */
  async findUnended(key: string | Buffer): Promise<LoginSession | undefined> {
    const by = typeof key === 'string' ? { id: key } : { cookieDigest: key };
    const row = await this.sessions.findOneBy({ ...by, endedAt: IsNull() });
    return row ? toSession(row) : undefined;
  }

  /** Locks a live session, so that it cannot end until the transaction does. @returns false if it has ended */
  async hold(id: string, manager: EntityManager): Promise<boolean> {
    const held = await manager
      .withRepository(this.sessions)
      .findOne({ select: { id: true }, where: { id, endedAt: IsNull() }, lock: { mode: 'pessimistic_read' } });
    return held !== null;
  }

  /** Most recently used first. */
  async list(subject: string, liveness: Liveness): Promise<LoginSession[]> {
    const rows = await this.sessions.find({
      where: { subject, ...live(liveness) },
      order: { lastUsedAt: 'DESC', id: 'DESC' },
    });
    return rows.map(toSession);
  }

  /** Renews the session of this cookie and user with a new cookie. @returns the renewed session */
  async renew({ from, to, session }: Renewal, manager: EntityManager): Promise<LoginSession | undefined> {
    const { id, createdAt, ...changes } = toRow(session, to);
    const renewed = await manager
      .withRepository(this.sessions)
      .update({ cookieDigest: from, subject: session.subject, endedAt: IsNull() }, changes, {
        returning: ['id', 'createdAt'],
      });
    const [row] = renewed.raw as { id: string; created_at: Date }[];
    return row && { ...session, id: row.id, createdAt: row.created_at.getTime() };
  }

  async insert(session: LoginSession, cookieDigest: Buffer, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.sessions).insert(toRow(session, cookieDigest));
  }

  /** @param olderThan milliseconds since the epoch: does nothing if a later use is recorded already */
  async touch(id: string, now: number, olderThan: number): Promise<void> {
    await this.sessions.update(
      { id, endedAt: IsNull(), lastUsedAt: LessThanOrEqual(new Date(olderThan)) },
      { lastUsedAt: new Date(now) },
    );
  }

  /** @returns whether this call ended it */
  async end(id: string, now: number, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager
      .withRepository(this.sessions)
      .update({ id, endedAt: IsNull() }, { endedAt: new Date(now) });
    return affected === 1;
  }

  /** Locks the sessions in one order, so that two calls cannot deadlock. @returns those that this call ended, ordered by id */
  async endAll(subject: string, now: number, manager: EntityManager, except?: string): Promise<LoginSession[]> {
    const sessions = manager.withRepository(this.sessions);
    const rows = await sessions.find({
      where: { subject, endedAt: IsNull(), ...(except !== undefined && { id: Not(except) }) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    await sessions.update({ id: Any(rows.map(({ id }) => id)) }, { endedAt: new Date(now) });
    return rows.map(toSession);
  }

  async endEveryones(now: number, manager: EntityManager): Promise<void> {
    const sessions = manager.withRepository(this.sessions);
    await patiently(manager, () => sessions.update({ endedAt: IsNull() }, { endedAt: new Date(now) }));
  }

  /**
   * Deletes sessions that ended before `before`, among the next `limit` in key order after `after`. Locked rows are left for
   * the next round.
   * @returns where the next step continues; undefined at the end of the table
   */
  async deleteEnded(before: number, idleMs: number, after: string, limit: number) {
    // SQL for SKIP LOCKED, so that two replicas can clean up at once.
    const [row] = await this.sessions.query<[{ deleted: number; last: string | null }]>(
      `WITH step AS (
         SELECT id, LEAST(expires_at, last_used_at + $4::float8 * interval '1 millisecond', coalesce(ended_at, 'infinity')) AS over_at
         FROM login_sessions WHERE id > $2 ORDER BY id LIMIT $3
       ), ended AS (
         SELECT id FROM login_sessions JOIN step USING (id) WHERE over_at < $1 ORDER BY id FOR UPDATE OF login_sessions SKIP LOCKED
       ), deleted AS (
         DELETE FROM login_sessions USING ended WHERE login_sessions.id = ended.id RETURNING 1
       ) SELECT (SELECT count(*)::int FROM deleted) AS deleted, (SELECT id FROM step ORDER BY id DESC LIMIT 1) AS last`,
      [new Date(before), after, limit, idleMs],
    );
    return { deleted: row.deleted, last: row.last ?? undefined };
  }
}

const live = ({ now, idleMs }: Liveness) => ({
  endedAt: IsNull(),
  expiresAt: MoreThan(new Date(now)),
  lastUsedAt: MoreThan(new Date(now - idleMs)),
});

const toRow = (session: LoginSession, cookieDigest: Buffer): LoginSessionEntity => ({
  ...session,
  amr: [...session.amr],
  cookieDigest,
  authTime: new Date(session.authTime),
  createdAt: new Date(session.createdAt),
  lastUsedAt: new Date(session.lastUsedAt),
  expiresAt: new Date(session.expiresAt),
  endedAt: null,
});

const toSession = ({ cookieDigest, endedAt, ...row }: LoginSessionEntity): LoginSession => ({
  ...row,
  authTime: row.authTime.getTime(),
  createdAt: row.createdAt.getTime(),
  lastUsedAt: row.lastUsedAt.getTime(),
  expiresAt: row.expiresAt.getTime(),
});
