import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditEventName } from './audit-event.js';
import { AuditEventEntity } from './audit-event.entity.js';

export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
  readonly sid?: string | undefined;
  readonly event?: AuditEventName | undefined;
  readonly correlationId?: string | undefined;
  readonly from?: Date | undefined;
  /** Before, not at. */
  readonly to?: Date | undefined;
}

export interface AuditPage {
  readonly events: AuditEventEntity[];
  /** The page that goes on from here starts before this id; undefined at the end of the trail. */
  readonly next: string | undefined;
}

/** An event takes its id when it is written, which may be this much later or earlier than its time on another replica. */
const DISORDER_MS = 60_000;

/**
 * Events looked at for one page, where no index knows which of them match: what is searched for may be at the other end
 * of a hundred million, and a page must not take longer than a statement may.
 */
export const EVENTS_PER_PAGE = 20_000;

/**
 * Reads `audit_events`, newest first. Subject, sid and correlation id have an index; the time is found by bisection,
 * because ids grow with it; for client and event there is neither, since an index more would slow down every refresh. Those are looked
 * for in a bounded stretch of the trail, so such a page may be short, or even empty, and not the last.
 */
@Injectable()
export class AuditSearchRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @param before the id that the page starts before */
  async page(filter: AuditFilter, limit: number, before?: string): Promise<AuditPage> {
    const end = await this.endOf(filter, before);
    const start = await this.startOf(filter, end);
    const query = this.dataSource.manager
      .createQueryBuilder(AuditEventEntity, 'e')
      .where('e.id >= :start', { start: start?.id ?? '0' })
      .orderBy('e.id', 'DESC')
      .limit(limit + 1);
    if (end !== undefined) query.andWhere('e.id < :end', { end });
    for (const [name, value] of Object.entries<unknown>({ ...filter })) {
      if (value !== undefined) query.andWhere(conditions[name as keyof AuditFilter], { [name]: value });
    }
    const events = await query.getMany();
    if (events.length > limit) return { events: events.slice(0, limit), next: events[limit - 1]!.id };
    return { events, next: start?.isHalfWay ? start.id : undefined };
  }

  /** The id before which all that matches lies. */
  private async endOf({ to }: AuditFilter, before: string | undefined): Promise<string | undefined> {
    if (!to) return before;
    const after = await this.firstAt(to.getTime() + DISORDER_MS);
    return before === undefined || BigInt(after) < BigInt(before) ? after : before;
  }

  /** The first id that is looked at; half way where matches may lie before it. */
  private async startOf(
    filter: AuditFilter,
    end: string | undefined,
  ): Promise<{ id: string; isHalfWay: boolean } | undefined> {
    const first = filter.from && (await this.firstAt(filter.from.getTime() - DISORDER_MS));
    if (hasIndex(filter) || (filter.clientId === undefined && filter.event === undefined)) {
      return first === undefined ? undefined : { id: first, isHalfWay: false };
    }
    const [stop] = await this.dataSource.query<{ id: string }[]>(
      `SELECT id FROM audit_events WHERE id < coalesce($1::bigint, 9223372036854775807) ORDER BY id DESC OFFSET $2 LIMIT 1`,
      [end ?? null, EVENTS_PER_PAGE - 1],
    );
    if (stop && (first === undefined || BigInt(stop.id) > BigInt(first))) return { id: stop.id, isHalfWay: true };
    return first === undefined ? undefined : { id: first, isHalfWay: false };
  }

  /** The first id of this time or later, found in the logarithm of the trail's length; one past the last where there is none. */
  private async firstAt(time: number): Promise<string> {
    const [row] = await this.dataSource.query<{ id: string }[]>(
      `WITH RECURSIVE bisection (low, high) AS (
         SELECT coalesce(min(id), 0), coalesce(max(id), 0) + 1 FROM audit_events
         UNION ALL
         SELECT CASE WHEN probe.at < $1 THEN probe.id + 1 ELSE low END, CASE WHEN probe.at < $1 THEN high ELSE (low + high) / 2 END
         FROM bisection, LATERAL (
           SELECT id, at FROM audit_events WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1
         ) AS probe
         WHERE low < high
       ) SELECT max(low) AS id FROM bisection`,
      [new Date(time)],
    );
    return row?.id ?? '0';
  }
}

const hasIndex = ({ subject, sid, correlationId }: AuditFilter): boolean =>
  subject !== undefined || sid !== undefined || correlationId !== undefined;

const conditions: Record<keyof AuditFilter, string> = {
  subject: 'e.subject = :subject',
  clientId: 'e.clientId = :clientId',
  sid: 'e.sid = :sid',
  event: 'e.event = :event',
  correlationId: 'e.correlationId = :correlationId',
  from: 'e.at >= :from',
  to: 'e.at < :to',
};
