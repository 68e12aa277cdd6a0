import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, type Repository } from 'typeorm';
import type { HealthCount, HealthPoint } from './client-health.js';
import { ClientHealthEntity } from './client-health.entity.js';

export type NewCount = HealthCount & { readonly clientId: string; readonly minute: number };

/** `client_health`. */
@Injectable()
export class ClientHealthRepository {
  constructor(@InjectRepository(ClientHealthEntity) private readonly counts: Repository<ClientHealthEntity>) {}

  /** @param counts each key once, in one order, so that two replicas do not deadlock */
  async add(counts: readonly NewCount[]): Promise<void> {
    // SQL, because the upsert adds to what is there.
    await this.counts.query(
      `INSERT INTO client_health AS h (client_id, minute, outcome, delay_seconds, count)
       SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[], $5::bigint[])
       ON CONFLICT (client_id, minute, outcome, delay_seconds) DO UPDATE SET count = h.count + excluded.count`,
      [
        counts.map(({ clientId }) => clientId),
        counts.map(({ minute }) => new Date(minute)),
        counts.map(({ outcome }) => outcome),
        counts.map(({ delaySeconds }) => delaySeconds),
        counts.map(({ count }) => count),
      ],
    );
  }

  /** The counts of a client, in steps. @param from inclusive @param to exclusive, both milliseconds since the epoch */
  async read(clientId: string, from: number, to: number, stepSeconds: number): Promise<HealthPoint[]> {
    const rows = await this.counts
      .createQueryBuilder('h')
      .select(`date_bin(:step::interval, h.minute, :origin)`, 'at')
      .addSelect('h.outcome', 'outcome')
      .addSelect('h.delaySeconds', 'delay')
      .addSelect('sum(h.count)::float8', 'count')
      .where({ clientId, minute: Between(new Date(from), new Date(to - 1)) })
      .groupBy('1, 2, 3')
      .orderBy('1')
      .setParameters({ step: `${stepSeconds} seconds`, origin: new Date(0) })
      .getRawMany<{ at: Date; outcome: string; delay: number; count: number }>();
    return rows.map(({ at, outcome, delay, count }) => ({ at: at.getTime(), outcome, delaySeconds: delay, count }));
  }

  /** Deletes at most `limit` counts from before `before`. @returns how many */
  async deleteBefore(before: Date, limit: number): Promise<number> {
    // SQL for SKIP LOCKED, so that two replicas can clean up at once.
    const [, count] = await this.counts.query<[unknown, number]>(
      `WITH oldest AS (
         SELECT ctid FROM client_health WHERE minute < $1 ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED
       ) DELETE FROM client_health USING oldest WHERE client_health.ctid = oldest.ctid`,
      [before, limit],
    );
    return count;
  }
}
