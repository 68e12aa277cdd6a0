import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { patiently } from '../platform/database/patient-statement.js';
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

interface SessionRow {
  id: string;
  subject: string;
  auth_time: Date;
  acr: string;
  amr: string[];
  source: string;
  user_agent: string;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
}

const COLUMNS =
  's.id, s.subject, s.auth_time, s.acr, s.amr, s.source, s.user_agent, s.created_at, s.last_used_at, s.expires_at';

/** Live at time $1; idle if last used before $2. */
const LIVE = 's.ended_at IS NULL AND s.expires_at > $1 AND s.last_used_at > $2';

/** The SQL of `login_sessions`. */
@Injectable()
export class LoginSessionRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The live session of a cookie, if its user exists and is not disabled. */
  async findLive(digest: Buffer, liveness: Liveness): Promise<LoginSession | undefined> {
    const rows = await this.dataSource.query<SessionRow[]>(
      `SELECT ${COLUMNS} FROM login_sessions s
         JOIN users u ON u.subject = s.subject AND u.deleted_at IS NULL
         LEFT JOIN subjects d ON d.subject = s.subject
       WHERE s.cookie_digest = $3 AND ${LIVE} AND d.disabled_at IS NULL`,
      [...times(liveness), digest],
    );
    return rows[0] && toSession(rows[0]);
  }

  /** Includes expired sessions. @param key the id, or the digest of the cookie */
  async findUnended(key: string | Buffer): Promise<LoginSession | undefined> {
    const column = typeof key === 'string' ? 'id' : 'cookie_digest';
    const rows = await this.dataSource.query<SessionRow[]>(
      `SELECT ${COLUMNS} FROM login_sessions s WHERE s.${column} = $1 AND s.ended_at IS NULL`,
      [key],
    );
    return rows[0] && toSession(rows[0]);
  }

  /** Locks a live session, so that it cannot end until the transaction does. @returns false if it has ended */
  async hold(id: string, manager: EntityManager): Promise<boolean> {
    const rows = await manager.query<{ id: string }[]>(
      'SELECT s.id FROM login_sessions s WHERE s.id = $1 AND s.ended_at IS NULL FOR SHARE',
      [id],
    );
    return rows.length > 0;
  }

  /** Most recently used first. */
  async list(subject: string, liveness: Liveness): Promise<LoginSession[]> {
    const rows = await this.dataSource.query<SessionRow[]>(
      `SELECT ${COLUMNS} FROM login_sessions s WHERE s.subject = $3 AND ${LIVE} ORDER BY s.last_used_at DESC, s.id DESC`,
      [...times(liveness), subject],
    );
    return rows.map(toSession);
  }

  /** Renews the session of this cookie and user with a new cookie. @returns the renewed session */
  async renew({ from, to, session }: Renewal, manager: EntityManager) {
    const [rows] = await manager.query<[SessionRow[], number]>(
      `UPDATE login_sessions s SET cookie_digest = $2, auth_time = $4, acr = $5, amr = $6, source = $7, user_agent = $8,
         last_used_at = $9, expires_at = $10
       WHERE s.cookie_digest = $1 AND s.subject = $3 AND s.ended_at IS NULL RETURNING ${COLUMNS}`,
      [
        from,
        to,
        session.subject,
        new Date(session.authTime),
        session.acr,
        session.amr,
        session.source,
        session.userAgent,
        new Date(session.lastUsedAt),
        new Date(session.expiresAt),
      ],
    );
    return rows[0] && toSession(rows[0]);
  }

  async insert(session: LoginSession, cookieDigest: Buffer, manager: EntityManager): Promise<void> {
    await manager.insert(LoginSessionEntity, {
      ...session,
      amr: [...session.amr],
      cookieDigest,
      authTime: new Date(session.authTime),
      createdAt: new Date(session.createdAt),
      lastUsedAt: new Date(session.lastUsedAt),
      expiresAt: new Date(session.expiresAt),
      endedAt: null,
    });
  }

  /** @param olderThan milliseconds since the epoch: does nothing if a later use is recorded already */
  async touch(id: string, now: number, olderThan: number): Promise<void> {
    await this.dataSource.query(
      'UPDATE login_sessions SET last_used_at = $2 WHERE id = $1 AND ended_at IS NULL AND last_used_at <= $3',
      [id, new Date(now), new Date(olderThan)],
    );
  }

  /** @returns whether this call ended it */
  async end(id: string, now: number, manager: EntityManager): Promise<boolean> {
    const [, ended] = await manager.query<[unknown, number]>(
      'UPDATE login_sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL',
      [id, new Date(now)],
    );
    return ended === 1;
  }

  /** @returns the sessions that this call ended, ordered by id */
  async endAll(subject: string, now: number, manager: EntityManager): Promise<LoginSession[]> {
    const rows = await manager.query<SessionRow[]>(
      `WITH held AS (
         SELECT id FROM login_sessions WHERE subject = $1 AND ended_at IS NULL
         ORDER BY id FOR UPDATE
       ), ended AS (
         UPDATE login_sessions s SET ended_at = $2 FROM held WHERE s.id = held.id RETURNING ${COLUMNS}
       ) SELECT * FROM ended ORDER BY id`,
      [subject, new Date(now)],
    );
    return rows.map(toSession);
  }

  async endEveryones(now: number, manager: EntityManager): Promise<void> {
    await patiently(manager, 'UPDATE login_sessions SET ended_at = $1 WHERE ended_at IS NULL', [new Date(now)]);
  }

  /**
   * Deletes sessions that ended before `before`, among the next `limit` in key order after `after`. Locked rows are left for
   * the next round.
   * @returns where the next step continues; undefined at the end of the table
   */
  async deleteDead(before: number, idleMs: number, after: string, limit: number) {
    const [row] = await this.dataSource.query<[{ deleted: number; last: string | null }]>(
      `WITH step AS (
         SELECT id, LEAST(expires_at, last_used_at + $4::float8 * interval '1 millisecond', coalesce(ended_at, 'infinity')) AS died_at
         FROM login_sessions WHERE id > $2 ORDER BY id LIMIT $3
       ), dead AS (
         SELECT id FROM login_sessions JOIN step USING (id) WHERE died_at < $1 ORDER BY id FOR UPDATE OF login_sessions SKIP LOCKED
       ), deleted AS (
         DELETE FROM login_sessions USING dead WHERE login_sessions.id = dead.id RETURNING 1
       ) SELECT (SELECT count(*)::int FROM deleted) AS deleted, (SELECT id FROM step ORDER BY id DESC LIMIT 1) AS last`,
      [new Date(before), after, limit, idleMs],
    );
    return { deleted: row.deleted, last: row.last ?? undefined };
  }
}

const times = ({ now, idleMs }: Liveness): [Date, Date] => [new Date(now), new Date(now - idleMs)];

const toSession = (row: SessionRow): LoginSession => ({
  id: row.id,
  subject: row.subject,
  authTime: row.auth_time.getTime(),
  acr: row.acr,
  amr: row.amr,
  source: row.source,
  userAgent: row.user_agent,
  createdAt: row.created_at.getTime(),
  lastUsedAt: row.last_used_at.getTime(),
  expiresAt: row.expires_at.getTime(),
});
