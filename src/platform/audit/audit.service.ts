import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../config/config.js';
import { Coalescer } from '../database/coalescer.js';
import type { AuditEvent } from './audit-event.js';
import { RefusalPace } from './refusal-pace.js';
import { AuditRepository } from './audit.repository.js';
import { AuditSearchRepository, type AuditFilter, type AuditPage } from './audit-search.repository.js';

const REFUSALS_PER_MINUTE = 60;

/**
 * The only writer of the audit log, with one exception: a rotation inserts its event in its own statement
 * (`refresh/token-family.repository.ts`).
 */
@Injectable()
export class AuditService {
  private readonly queue: Coalescer<AuditEvent, undefined>;
  private readonly pace = new RefusalPace(REFUSALS_PER_MINUTE);

  constructor(
    private readonly repository: AuditRepository,
    private readonly search: AuditSearchRepository,
    private readonly config: Config,
  ) {
    this.queue = new Coalescer({
      run: async (events) => {
        await this.repository.append(events);
        return new Array<undefined>(events.length);
      },
      maxEntries: 500,
      maxInFlight: 1,
    });
  }

  get enabled(): boolean {
    return this.config.audit;
  }

  /** Appends in the transaction of the change, so that both are committed or neither is. @throws errors of the database */
  async append(manager: EntityManager, ...events: AuditEvent[]): Promise<void> {
    if (this.enabled && events.length > 0) await this.repository.append(events, manager);
  }

  /** Deletes at most `limit` events from before `before` (milliseconds since the epoch), oldest first. @returns how many */
  deleteBefore(before: number, limit: number): Promise<number> {
    return this.repository.deleteBefore(new Date(before), limit);
  }

  /**
   * Records an event that changed no state: a refusal, a retry. Events that arrive together share a statement. Resolves once
   * the event is durable.
   * @throws when the database is away
   */
  async record(event: AuditEvent): Promise<void> {
    if (this.enabled) await this.queue.submit(event);
  }

  /**
   * Records a refusal. Anyone can cause any number of refusals as a public client, or at `/authorize`, so those are limited per
   * minute, client and event; the access log has a line for every one.
   * @param isProven whether the caller has authenticated as the client
   * @throws when the database is away
   */
  async recordRefusal(event: AuditEvent, isProven: boolean): Promise<void> {
    if (isProven) return this.record(event);
    const omitted = this.pace.next(`${event.event} ${event.clientId ?? ''}`, performance.now());
    if (omitted === undefined) return;
    await this.record(omitted === 0 ? event : { ...event, detail: { ...event.detail, omitted } });
  }

  /** Newest first. @param before the id that the page starts before */
  page(filter: AuditFilter, limit: number, before?: string): Promise<AuditPage> {
    return this.search.page(filter, limit, before);
  }
}
