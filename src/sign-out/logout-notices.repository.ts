import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, type EntityManager, type Repository } from 'typeorm';
import type { LogoutNotice } from './logout-notice.js';
import { LogoutNoticeEntity } from './logout-notice.entity.js';

interface NoticeRow {
  id: string;
  client_id: string;
  subject: string;
  session_id: string;
  attempts: number;
  expires_at: Date;
}

type NewNotice = Pick<LogoutNotice, 'id' | 'clientId' | 'subject' | 'sessionId'>;

interface LeaseRequest {
  readonly now: number;
  /** Milliseconds since the epoch: no other process leases them before. */
  readonly until: number;
  readonly limit: number;
  readonly limitPerClient: number;
  /** Clients whose notices are skipped. */
  readonly except: readonly string[];
}

/** How many due notices a lease examines at most. */
const LOOKED_AT = 500;

/** `logout_notices`. */
@Injectable()
export class LogoutNoticesRepository {
  constructor(@InjectRepository(LogoutNoticeEntity) private readonly notices: Repository<LogoutNoticeEntity>) {}

  /** Skips clients without a back-channel logout URI. @returns the session of each stored notice */
  async insert(
    notices: readonly NewNotice[],
    { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
    manager: EntityManager,
  ): Promise<string[]> {
    // SQL, because it inserts what it selects.
    const rows = await manager.query<{ session_id: string }[]>(
      `INSERT INTO logout_notices (id, client_id, subject, session_id, created_at, attempts, next_attempt_at, expires_at)
       SELECT n.id, c.client_id, n.subject, n.session_id, $5, 0, $5, $6
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS n (id, client_id, subject, session_id)
       JOIN clients c ON c.client_id = n.client_id AND c.backchannel_logout_uri IS NOT NULL AND c.deleted_at IS NULL
       RETURNING session_id`,
      [
        notices.map(({ id }) => id),
        notices.map(({ clientId }) => clientId),
        notices.map(({ subject }) => subject),
        notices.map(({ sessionId }) => sessionId),
        new Date(now),
        new Date(expiresAt),
      ],
    );
    return rows.map(({ session_id }) => session_id);
  }

  /**
   * Leases due notices, oldest first: counts the attempt and hides them from other processes until `until`. Skips notices that
   * another process is leasing at this moment.
   */
  async lease({ now, until, limit, limitPerClient, except }: LeaseRequest): Promise<LogoutNotice[]> {
    // SQL, because it ranks, locks and updates in one statement.
    const [rows] = await this.notices.query<[NoticeRow[], number]>(
      `WITH due AS (
         SELECT id, client_id, next_attempt_at FROM logout_notices
         WHERE next_attempt_at <= $1 AND client_id <> ALL ($3::text[]) ORDER BY next_attempt_at LIMIT $6
       ), ranked AS (
         SELECT id, row_number() OVER (PARTITION BY client_id ORDER BY next_attempt_at, id) AS place FROM due
       ), free AS MATERIALIZED (
         SELECT n.id FROM logout_notices n JOIN ranked ON ranked.id = n.id
         WHERE n.next_attempt_at <= $1 AND place <= $5 ORDER BY n.next_attempt_at LIMIT $4 FOR UPDATE OF n SKIP LOCKED
       )
       UPDATE logout_notices n SET attempts = attempts + 1, next_attempt_at = $2 FROM free WHERE n.id = free.id
       RETURNING n.id, n.client_id, n.subject, n.session_id, n.attempts, n.expires_at`,
      [new Date(now), new Date(until), except, limit, limitPerClient, LOOKED_AT],
    );
    return rows.map(toNotice);
  }

  /** Postpones notices that are still leased. */
  async postpone(delays: readonly { readonly notice: LogoutNotice; readonly until: number }[]): Promise<void> {
    // SQL, because each row has its own value.
    await this.notices.query(
      `UPDATE logout_notices n SET next_attempt_at = d.until
       FROM unnest($1::uuid[], $2::int[], $3::timestamptz[]) AS d (id, attempts, until)
       WHERE n.id = d.id AND n.attempts = d.attempts`,
      [
        delays.map(({ notice }) => notice.id),
        delays.map(({ notice }) => notice.attempts),
        delays.map(({ until }) => new Date(until)),
      ],
    );
  }

  /** @returns the ids that this call deleted */
  async delete(ids: readonly string[], manager: EntityManager): Promise<Set<string>> {
    const deleted = await manager
      .withRepository(this.notices)
      .createQueryBuilder()
      .delete()
      .where({ id: Any(ids) })
      .returning('id')
      .execute();
    return new Set((deleted.raw as { id: string }[]).map(({ id }) => id));
  }
}

const toNotice = (row: NoticeRow): LogoutNotice => ({
  id: row.id,
  clientId: row.client_id,
  subject: row.subject,
  sessionId: row.session_id,
  attempts: row.attempts,
  expiresAt: row.expires_at.getTime(),
});
