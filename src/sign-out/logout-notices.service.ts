import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../platform/audit/audit.service.js';
import { Coalescer } from '../platform/database/coalescer.js';
import { Clock } from '../platform/time/clock.js';
import { retryDelayMs } from '../platform/outbox/retry-delay.js';
import { LEASE_MS, NOTICE_LIFETIME_MS, type LogoutNotice } from './logout-notice.js';
import { LogoutNoticesRepository } from './logout-notices.repository.js';

interface Ending {
  readonly notice: LogoutNotice;
  readonly event: 'logout.delivered' | 'logout.undelivered';
  readonly reason?: string;
}

const MAX_TOGETHER = 100;

/**
 * The outbox of logout notices and their outcomes. Outcomes are stored in batches, on one connection, because requests need
 * the others.
 */
@Injectable()
export class LogoutNotices {
  private readonly endings: Coalescer<Ending, undefined>;
  private readonly delays: Coalescer<{ notice: LogoutNotice; until: number }, undefined>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: LogoutNoticesRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {
    const bounds = { maxEntries: MAX_TOGETHER, maxInFlight: 1 };
    this.endings = new Coalescer({ run: (endings) => this.end(endings), ...bounds });
    this.delays = new Coalescer({
      run: async (delays) => {
        await repository.postpone(delays);
        return nothingFor(delays);
      },
      ...bounds,
    });
  }

  /**
   * Runs in the transaction that ends the login sessions.
   * @param notices clients without a back-channel logout URI are skipped
   * @returns the session of each notice that will be delivered
   */
  add(
    notices: readonly Pick<LogoutNotice, 'clientId' | 'subject' | 'sessionId'>[],
    manager: EntityManager,
  ): Promise<string[]> {
    const now = this.clock.now();
    const rows = notices.map((notice) => ({ id: uuidv7(), ...notice }));
    return this.repository.insert(rows, { now, expiresAt: now + NOTICE_LIFETIME_MS }, manager);
  }

  /** Leases due notices, so that no other process takes them meanwhile. @param except clients whose notices are skipped */
  lease(limit: number, limitPerClient: number, except: readonly string[]): Promise<LogoutNotice[]> {
    const now = this.clock.now();
    return this.repository.lease({ now, until: now + LEASE_MS, limit, limitPerClient, except });
  }

  async delivered(notice: LogoutNotice): Promise<void> {
    await this.endings.submit({ notice, event: 'logout.delivered' });
  }

  /** Schedules a retry, unless the notice expires before. @returns whether it was given up */
  async failed(notice: LogoutNotice, reason: string): Promise<boolean> {
    const until = this.clock.now() + retryDelayMs(notice.attempts, Math.random());
    const givesUp = until >= notice.expiresAt;
    if (givesUp) await this.giveUp(notice, reason);
    else await this.delays.submit({ notice, until });
    return givesUp;
  }

  async giveUp(notice: LogoutNotice, reason: string): Promise<void> {
    await this.endings.submit({ notice, event: 'logout.undelivered', reason });
  }

  private async end(endings: readonly Ending[]): Promise<undefined[]> {
    const at = this.clock.now();
    await this.dataSource.transaction(async (manager) => {
      const ids = endings.map(({ notice }) => notice.id);
      const gone = await this.repository.delete(ids, manager);
      const events = endings
        .filter(({ notice }) => gone.has(notice.id))
        .map(({ notice: { clientId, subject, sessionId, attempts }, ...what }) => ({
          ...what,
          at,
          clientId,
          subject,
          sid: sessionId,
          detail: { attempts },
        }));
      await this.audit.append(manager, ...events);
    });
    return nothingFor(endings);
  }
}

const nothingFor = (entries: readonly unknown[]): undefined[] => new Array<undefined>(entries.length);
