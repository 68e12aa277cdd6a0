import { Injectable } from '@nestjs/common';
import type { Form } from '../../oauth/form.js';
import { FormTokens } from '../../pages/form-token.service.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { SignOut } from '../../sign-out/sign-out.service.js';
import type { AuditOrigin } from '../../platform/audit/audit-event.js';
import { accountBinding } from './account.js';

const REASON = 'account_page';

/** The login sessions of the user: which one this is, and ending them. */
@Injectable()
export class AccountSessions {
  constructor(
    private readonly sessions: LoginSessions,
    private readonly signOut: SignOut,
    private readonly tokens: FormTokens,
  ) {}

  /** @returns undefined if nobody is signed in @throws OAuthError unless the form was shown to the user of this session */
  async sender(form: Form, browser: BrowserContext): Promise<LoginSession | undefined> {
    const session = await this.sessions.current(browser);
    if (session) this.tokens.check(browser, form, accountBinding(session));
    return session;
  }

  current(browser: BrowserContext): Promise<LoginSession | undefined> {
    return this.sessions.current(browser);
  }

  /** Another user's session is treated like an unknown one: nothing happens. */
  async end(id: string, { subject }: LoginSession, origin: AuditOrigin): Promise<void> {
    const session = await this.sessions.find(id);
    if (session?.subject === subject) await this.signOut.signOut(session, REASON, origin);
  }

  endAll({ subject }: LoginSession, origin: AuditOrigin): Promise<void> {
    return this.signOut.signOutEverywhere(subject, REASON, origin);
  }
}
