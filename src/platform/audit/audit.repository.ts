import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { Config } from '../config/config.js';
import { truncatedAddress } from '../limits/source-key.js';
import type { AuditEvent } from './audit-event.js';
import { AuditEventEntity } from './audit-event.entity.js';

/** Writes `audit_events`. */
@Injectable()
export class AuditRepository {
  constructor(
    @InjectRepository(AuditEventEntity) private readonly events: Repository<AuditEventEntity>,
    private readonly config: Config,
  ) {}

  /** @param manager the transaction of the change; by default a separate connection */
  async append(events: readonly AuditEvent[], manager: EntityManager = this.events.manager): Promise<void> {
    // SQL, because with arrays the statement is short and the same for any number of events.
    await manager.query(
      `INSERT INTO audit_events (at, event, reason, client_id, subject, family_id, sid, correlation_id, actor, detail, source, agent, generation)
       SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::jsonb[],
         $11::text[], $12::text[], $13::int[])`,
      [
        events.map((e) => new Date(e.at)),
        events.map((e) => e.event),
        events.map((e) => e.reason ?? null),
        events.map((e) => e.clientId ?? null),
        events.map((e) => e.subject ?? null),
        events.map((e) => e.familyId ?? null),
        events.map((e) => e.sid ?? null),
        events.map((e) => e.correlationId ?? null),
        events.map((e) => e.actor ?? null),
        events.map((e) => (e.detail ? JSON.stringify(e.detail) : null)),
        events.map((e) => this.sourceOf(e)),
        events.map((e) => e.agent ?? null),
        events.map((e) => e.generation ?? null),
      ],
    );
  }

  private sourceOf({ source }: AuditEvent): string | null {
    if (source === undefined) return null;
    return this.config.auditAddresses === 'full' ? source : truncatedAddress(source);
  }

  /** Deletes those of the oldest `limit` events that are older than `before`. @returns how many */
  async deleteBefore(before: Date, limit: number): Promise<number> {
    // SQL for SKIP LOCKED, so that two replicas can clean up at once.
    const [, count] = await this.events.query<[unknown, number]>(
      `WITH oldest AS (SELECT id, at FROM audit_events ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
       DELETE FROM audit_events USING oldest WHERE audit_events.id = oldest.id AND oldest.at < $1`,
      [before, limit],
    );
    return count;
  }
}
