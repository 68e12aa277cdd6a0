import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, MoreThan, type EntityManager, type Repository } from 'typeorm';
import type { MailKind } from '../pages/texts.js';
import { MailEntity } from './mail.entity.js';

export interface LeaseTimes {
  readonly now: number;
  /** Milliseconds since the epoch: no other process leases them before. */
  readonly until: number;
  /** The end of the links. */
  readonly expiresAt: number;
}

/** `mails`. */
@Injectable()
export class MailRepository {
  constructor(@InjectRepository(MailEntity) private readonly mails: Repository<MailEntity>) {}

  async insert(mails: MailEntity[], manager: EntityManager): Promise<void> {
    await manager.withRepository(this.mails).insert(mails);
  }

  /** Counts the attempt, and hides the mails from other processes until `until`. Oldest first. */
  async lease({ now, until, expiresAt }: LeaseTimes, limit: number): Promise<MailEntity[]> {
    const leased = await this.mails
      .createQueryBuilder()
      .update()
      .set({
        attempts: () => 'attempts + 1',
        nextAttemptAt: new Date(until),
        expiresAt: new Date(expiresAt),
      })
      // SQL for SKIP LOCKED, so that two replicas lease different mails.
      .where(
        `id IN (SELECT id FROM mails WHERE next_attempt_at <= :now ORDER BY next_attempt_at LIMIT :limit
          FOR UPDATE SKIP LOCKED)`,
        { now: new Date(now), limit },
      )
      .returning('id')
      .execute();
    return this.mails.findBy({ id: Any((leased.raw as { id: string }[]).map(({ id }) => id)) });
  }

  /** Does nothing if another process has leased the mail since. @param at of the next attempt; null: it is sent */
  async schedule({ id, attempts }: MailEntity, at: Date | null, manager?: EntityManager): Promise<boolean> {
    const mails = manager ? manager.withRepository(this.mails) : this.mails;
    const { affected } = await mails.update({ id, attempts }, { nextAttemptAt: at });
    return affected === 1;
  }

  /** The mail of a link that has not expired. */
  findLink(id: string, kind: MailKind, now: Date): Promise<MailEntity | null> {
    return this.mails.findOneBy({ id, kind, expiresAt: MoreThan(now) });
  }

  /** Uses up a link. @returns false if it was used or has expired */
  async useLink(id: string, kind: MailKind, now: Date, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.withRepository(this.mails).delete({ id, kind, expiresAt: MoreThan(now) });
    return affected === 1;
  }

  async delete(id: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.withRepository(this.mails).delete({ id });
    return affected === 1;
  }

  /** Deletes sent mails whose link has expired. @returns how many */
  async deleteExpired(now: Date, limit: number): Promise<number> {
    // SQL for SKIP LOCKED, so that two replicas can clean up at once.
    const [, count] = await this.mails.query<[unknown, number]>(
      `DELETE FROM mails WHERE id IN (
         SELECT id FROM mails WHERE next_attempt_at IS NULL AND expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
       )`,
      [now, limit],
    );
    return count;
  }
}
