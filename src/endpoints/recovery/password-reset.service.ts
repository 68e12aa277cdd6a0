import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditService } from '../../platform/audit/audit.service.js';
import { transaction } from '../../platform/database/transaction.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import { Clock } from '../../platform/time/clock.js';
import type { Form } from '../../oauth/form.js';
import { LINK } from '../../mail/mail-link.js';
import { Mails, type NewMail } from '../../mail/mails.service.js';
import type { Language } from '../../pages/texts.js';
import type { PasswordFlaw } from '../../passwords/password-policy.js';
import { SignOut } from '../../sign-out/sign-out.service.js';
import { OwnPassword } from '../../users/own-password.service.js';
import { UsersService } from '../../users/users.service.js';
import { RecoveryLimits } from './recovery-limits.service.js';

const REASON = 'password_reset';

/** Users who share an e-mail address. */
const MAX_USERS = 5;

export type ResetRequestOutcome =
  { readonly verdict: 'taken' } | { readonly verdict: 'throttled'; readonly retryAfterSeconds: number };

/** An open link, and the user that it is for. */
export interface OpenLink {
  readonly link: string;
  readonly username: string;
}

export type ResetOutcome =
  | { readonly verdict: 'changed' }
  /** The link was used, has expired, or is older than the password. */
  | { readonly verdict: 'expired' }
  | ({ readonly verdict: 'mismatch' } & OpenLink)
  | ({ readonly verdict: 'unfit'; readonly flaw: PasswordFlaw } & OpenLink);

/** A new password for users who have forgotten theirs, by a link in a mail. */
@Injectable()
export class PasswordReset {
  constructor(
    private readonly dataSource: DataSource,
    private readonly users: UsersService,
    private readonly passwords: OwnPassword,
    private readonly mails: Mails,
    private readonly signOut: SignOut,
    private readonly limits: RecoveryLimits,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  get isOn(): boolean {
    return this.mails.areOn;
  }

  /** Does the same work and has the same outcome whether the account exists or not. */
  async request(form: Form, browser: BrowserContext, language: Language): Promise<ResetRequestOutcome> {
    const retryAfterSeconds = await this.limits.waitSeconds(browser.source);
    if (retryAfterSeconds > 0) return { verdict: 'throttled', retryAfterSeconds };
    const typed = form.get('username') ?? '';
    const mayMail = await this.limits.mayMail(typed);
    const users = await this.users.recoverable(typed, MAX_USERS);
    const nobody = {
      kind: 'reset',
      subject: null,
      recipient: null,
      username: '',
      language,
      passwordChangedAt: null,
    } as const;
    const mails = users.map(({ subject, username, claims, passwordChangedAt }): NewMail => {
      return { kind: 'reset', subject, recipient: claims.email!, username, language, passwordChangedAt };
    });
    const { correlationId } = browser;
    const event = { event: 'user.password_reset_requested', at: this.clock.now(), correlationId } as const;
    await transaction(this.dataSource, async (manager) => {
      await this.mails.add(mayMail && mails.length > 0 ? mails : [nobody], manager);
      const events = users.map(({ subject }) => ({ ...event, subject, reason: mayMail ? undefined : 'too_many' }));
      await this.audit.append(manager, ...(events.length > 0 ? events : [{ ...event, reason: 'unknown_user' }]));
    });
    return { verdict: 'taken' };
  }

  /** @returns undefined if the link was used, has expired, or is older than the password */
  async open(link: string): Promise<OpenLink | undefined> {
    const known = await this.read(link);
    return known && { link, username: known.username };
  }

  /** Sets the password, uses up the link, and ends all sessions and families of the user. */
  async reset(form: Form, browser: BrowserContext): Promise<ResetOutcome> {
    const link = form.get(LINK) ?? '';
    const known = await this.read(link);
    if (!known) return { verdict: 'expired' };
    const { mail, subject, username } = known;
    const opened = { link, username };
    const next = form.get('new_password') ?? '';
    if (next !== form.get('new_password_again')) return { verdict: 'mismatch', ...opened };
    const { passwordChangedAt } = mail;
    const origin = { actor: `user:${subject}`, correlationId: browser.correlationId };
    try {
      const outcome = await this.passwords.reset(subject, { next, passwordChangedAt }, browser, async (manager) => {
        if (!(await this.mails.use(mail, manager))) throw new LinkUsed();
        await this.signOut.commitEverywhere(subject, { reason: REASON }, origin, manager);
      });
      return outcome.verdict === 'refused' ? { verdict: 'expired' } : { ...outcome, ...opened };
    } catch (error) {
      if (error instanceof LinkUsed) return { verdict: 'expired' };
      throw error;
    }
  }

  private async read(link: string) {
    const mail = await this.mails.find(link, 'reset');
    const user = mail?.subject ? await this.users.find(mail.subject) : null;
    if (!mail || !user || user.passwordChangedAt?.getTime() !== mail.passwordChangedAt?.getTime()) return undefined;
    return { mail, subject: user.subject, username: user.username };
  }
}

/** Rolls the change back. */
class LinkUsed extends Error {}
