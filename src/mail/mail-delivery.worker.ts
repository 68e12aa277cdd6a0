import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RootKey } from '../keys/root-key.js';
import { Config } from '../platform/config/config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { DeliveryLoop } from '../platform/outbox/delivery-loop.js';
import { linkOf, linkUrl } from './mail-link.js';
import { mailMessage } from './mail-message.js';
import type { MailEntity } from './mail.entity.js';
import { MailOutbox } from './mail-outbox.service.js';
import { Smtp } from './smtp.service.js';

/** Connections to the SMTP server. */
const MAX_UNDER_WAY = 4;

/** Sends the mails of the outbox in the background, and again while the SMTP server is away. */
@Injectable()
export class MailDeliveryWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Mail');
  private readonly loop: DeliveryLoop<MailEntity>;
  private readonly key: Buffer;

  constructor(
    private readonly outbox: MailOutbox,
    private readonly smtp: Smtp,
    private readonly metrics: Metrics,
    private readonly config: Config,
    rootKey: RootKey,
  ) {
    this.key = rootKey.derive('mail-link');
    this.loop = new DeliveryLoop<MailEntity>({
      maxUnderWay: MAX_UNDER_WAY,
      lease: (limit) => outbox.lease(limit),
      deliver: (mail) => this.attempt(mail),
      laneOf: () => '',
      onError: ({ name }, during) =>
        this.logger.warn({
          msg: during === 'lease' ? 'mails could not be read' : 'mail kept for later',
          error: name,
        }),
    });
  }

  onApplicationBootstrap(): void {
    if (this.smtp.isConfigured) this.loop.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }

  /** See `DeliveryLoop.wake`. */
  wake(): void {
    this.loop.wake();
  }

  /** See `DeliveryLoop.run`. */
  run(): Promise<void> {
    return this.loop.run();
  }

  private async attempt(mail: MailEntity): Promise<void> {
    const { recipient, kind } = mail;
    if (recipient === null) return this.outbox.sent(mail);
    const { issuer, brandName, brandColor } = this.config;
    const url = linkUrl(issuer, kind, linkOf(mail, this.key));
    const failure = await this.smtp.send(mailMessage({ ...mail, recipient, url }, { brandName, brandColor }));
    if (!failure) {
      await this.outbox.sent(mail);
      return this.metrics.mails.inc({ outcome: 'sent' });
    }
    const { reason, isFinal } = failure;
    const isGivenUp = isFinal || (await this.outbox.failed(mail, reason));
    if (isFinal) await this.outbox.giveUp(mail, reason);
    this.metrics.mails.inc({ outcome: isGivenUp ? 'given_up' : 'failed' });
    this.logger.warn({ msg: isGivenUp ? 'a mail was given up' : 'a mail could not be sent yet', kind, reason });
  }
}
