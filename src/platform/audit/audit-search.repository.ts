import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import type { AuditEventName } from './audit-event.js';
import { AuditEventEntity } from './audit-event.entity.js';

export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
  readonly familyId?: string | undefined;
  /** The login session. */
  readonly sid?: string | undefined;
  readonly event?: AuditEventName | undefined;
  readonly correlationId?: string | undefined;
  readonly actor?: string | undefined;
  readonly reason?: string | undefined;
  /** The address, as it is stored. */
  readonly source?: string | undefined;
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

export interface AuditPage {
  readonly events: AuditEventEntity[];
  /** The next page starts before this id; undefined at the end of the audit log. */
  readonly next: string | undefined;
}

/** An event gets its id when it is written, so ids may be out of order by this much compared to the events' times. */
const DISORDER_MS = 60_000;

/**
 * Events examined for one page if no index finds the matches: they may be at the other end of a hundred million events, and a
 * page must stay within the statement timeout.
 */
export const EVENTS_PER_PAGE = 20_000;

/**
 * Reads `audit_events`, newest first. Subject, family, login session and correlation id have an index; times are found by bisection, because ids
 * grow with time. The others have no index, because another one would slow down every refresh. They are searched for in a
 * bounded stretch of the log, so such a page may be short, or even empty, without being the last.
 */
@Injectable()
export class AuditSearchRepository {
  constructor(@InjectRepository(AuditEventEntity) private readonly events: Repository<AuditEventEntity>) {}

  /** @param before the id that the page starts before */
  async page(filter: AuditFilter, limit: number, before?: string): Promise<AuditPage> {
    const end = await this.endOf(filter, before);
    const start = await this.startOf(filter, end);
    const query = this.events
      .createQueryBuilder('e')
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

  /** The id before which all matches are. */
  private async endOf({ to }: AuditFilter, before: string | undefined): Promise<string | undefined> {
    if (!to) return before;
    const after = await this.firstAt(to.getTime() + DISORDER_MS);
    return before === undefined || BigInt(after) < BigInt(before) ? after : before;
  }

  /** The first id to examine; `isHalfWay` if earlier ids may match too. */
  private async startOf(
    filter: AuditFilter,
    end: string | undefined,
  ): Promise<{ id: string; isHalfWay: boolean } | undefined> {
    const first = filter.from && (await this.firstAt(filter.from.getTime() - DISORDER_MS));
    if (hasIndex(filter) || !isScan(filter)) {
      return first === undefined ? undefined : { id: first, isHalfWay: false };
    }
    const [stop] = await this.events.find({
      select: { id: true },
      where: end === undefined ? {} : { id: LessThan(end) },
      order: { id: 'DESC' },
      skip: EVENTS_PER_PAGE - 1,
      take: 1,
    });
    if (stop && (first === undefined || BigInt(stop.id) > BigInt(first))) return { id: stop.id, isHalfWay: true };
    return first === undefined ? undefined : { id: first, isHalfWay: false };
  }

  /** The first id at this time or later, by bisection; one past the last if there is none. */
  private async firstAt(time: number): Promise<string> {
    // SQL, because only a recursive query bisects in one statement.
    const [row] = await this.events.query<{ id: string }[]>(
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

const hasIndex = ({ subject, familyId, sid, correlationId }: AuditFilter): boolean =>
  subject !== undefined || familyId !== undefined || sid !== undefined || correlationId !== undefined;

/** Whether matches are searched for without an index. */
const isScan = ({ clientId, event, actor, reason, source }: AuditFilter): boolean =>
  [clientId, event, actor, reason, source].some((value) => value !== undefined);

const conditions: Record<keyof AuditFilter, string> = {
  subject: 'e.subject = :subject',
  clientId: 'e.clientId = :clientId',
  familyId: 'e.familyId = :familyId',
  sid: 'e.sid = :sid',
  event: 'e.event = :event',
  correlationId: 'e.correlationId = :correlationId',
  actor: 'e.actor = :actor',
  reason: 'e.reason = :reason',
  source: 'e.source = :source',
  from: 'e.at >= :from',
  to: 'e.at < :to',
};
