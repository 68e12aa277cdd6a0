import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { RootKey } from '../keys/root-key.js';
import type { MailKind } from '../pages/texts.js';
import { afterCommit } from '../platform/database/transaction.js';
import { Clock } from '../platform/time/clock.js';
import { idOfLink } from './mail-link.js';
import { MailDeliveryWorker } from './mail-delivery.worker.js';
import type { MailEntity } from './mail.entity.js';
import { MailRepository } from './mail.repository.js';
import { Smtp } from './smtp.service.js';

export type NewMail = Pick<
  MailEntity,
  'kind' | 'subject' | 'recipient' | 'username' | 'language' | 'passwordChangedAt'
>;

/** Mails with a link, and what the links are good for: once, for half an hour, on any device. */
@Injectable()
export class Mails {
  private readonly key: Buffer;

  constructor(
    private readonly repository: MailRepository,
    private readonly deliveries: MailDeliveryWorker,
    private readonly smtp: Smtp,
    private readonly clock: Clock,
    rootKey: RootKey,
  ) {
    this.key = rootKey.derive('mail-link');
  }

  /** Whether mails can be sent at all. */
  get areOn(): boolean {
    return this.smtp.isConfigured;
  }

  /** Runs in the transaction of what the mails are about; they leave after the commit. */
  async add(mails: readonly NewMail[], manager: EntityManager): Promise<void> {
    const now = new Date(this.clock.now());
    const pending = { createdAt: now, attempts: 0, nextAttemptAt: now, expiresAt: now };
    await this.repository.insert(
      mails.map((mail) => ({ id: uuidv7(), ...mail, ...pending })),
      manager,
    );
    afterCommit(manager, () => this.deliveries.wake());
  }

  /** @param link from a URL, unchecked @returns undefined if it was used, has expired, or is none of ours */
  async find(link: string, kind: MailKind): Promise<MailEntity | undefined> {
    const id = idOfLink(link, kind, this.key);
    if (id === undefined) return undefined;
    return (await this.repository.findLink(id, kind, this.now())) ?? undefined;
  }

  /** Uses the link up, in the transaction of what it is used for. @returns false if it was used or has expired meanwhile */
  use({ id, kind }: MailEntity, manager: EntityManager): Promise<boolean> {
    return this.repository.useLink(id, kind, this.now(), manager);
  }

  /** Deletes at most `limit` mails whose link has expired. @returns how many */
  deleteExpired(now: number, limit: number): Promise<number> {
    return this.repository.deleteExpired(new Date(now), limit);
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}
