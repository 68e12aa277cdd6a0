import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { MailDeliveryWorker } from './mail-delivery.worker.js';
import { MailOutbox } from './mail-outbox.service.js';
import { MailEntity } from './mail.entity.js';
import { MailRepository } from './mail.repository.js';
import { Mails } from './mails.service.js';
import { Smtp } from './smtp.service.js';

/** Mails to users, the outbox that they wait in, and the links in them. */
@Module({
  imports: [ConfigModule, KeysModule, TimeModule, AuditModule, MetricsModule, TypeOrmModule.forFeature([MailEntity])],
  providers: [MailRepository, MailOutbox, Smtp, MailDeliveryWorker, Mails],
  exports: [Mails],
})
export class MailModule {}
