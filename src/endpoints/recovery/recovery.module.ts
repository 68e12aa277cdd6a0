import { Module } from '@nestjs/common';
import { AuditModule } from '../../platform/audit/audit.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { LimitsModule } from '../../platform/limits/limits.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { MailModule } from '../../mail/mail.module.js';
import { PagesModule } from '../../pages/pages.module.js';
import { SignOutModule } from '../../sign-out/sign-out.module.js';
import { UsersModule } from '../../users/users.module.js';
import { PasswordReset } from './password-reset.service.js';
import { RecoveryController } from './recovery.controller.js';
import { RecoveryLimits } from './recovery-limits.service.js';
import { RecoveryView } from './recovery.view.js';

/** A forgotten password: a mail with a link, and the page that it leads to. */
@Module({
  imports: [ConfigModule, TimeModule, AuditModule, LimitsModule, MailModule, PagesModule, SignOutModule, UsersModule],
  controllers: [RecoveryController],
  providers: [PasswordReset, RecoveryLimits, RecoveryView],
})
export class RecoveryModule {}
