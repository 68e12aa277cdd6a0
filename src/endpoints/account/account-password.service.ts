import { Injectable } from '@nestjs/common';
import type { Form } from '../../oauth/form.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { SignOut } from '../../sign-out/sign-out.service.js';
import { OwnPassword, type OwnPasswordOutcome } from '../../users/own-password.service.js';
import { UsersService } from '../../users/users.service.js';

const REASON = 'password_changed';

export type AccountPasswordOutcome =
  | OwnPasswordOutcome
  | { readonly verdict: 'mismatch' }
  /** The login session has ended meanwhile, and nothing was changed. */
  | { readonly verdict: 'session_ended' };

/** The user of a login session changes their password, and signs out all other browsers if they want to. */
@Injectable()
export class AccountPassword {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: OwnPassword,
    private readonly sessions: LoginSessions,
    private readonly signOut: SignOut,
  ) {}

  /** Whether there is one to change: users of the upstream provider have none. */
  async exists({ subject }: LoginSession): Promise<boolean> {
    return Boolean((await this.users.find(subject))?.passwordHash);
  }

  async change(form: Form, session: LoginSession, browser: BrowserContext): Promise<AccountPasswordOutcome> {
    const next = form.get('new_password') ?? '';
    if (next !== form.get('new_password_again')) return { verdict: 'mismatch' };
    const { subject } = session;
    const origin = { actor: `user:${subject}`, correlationId: browser.correlationId };
    const passwords = { current: form.get('password') ?? '', next };
    try {
      return await this.passwords.change(subject, passwords, browser, async (manager) => {
        if (!(await this.sessions.hold(session.id, manager))) throw new SessionEnded();
        if (form.get('others') === 'end') await this.signOut.commitOthers(session, REASON, origin, manager);
      });
    } catch (error) {
      if (error instanceof SessionEnded) return { verdict: 'session_ended' };
      throw error;
    }
  }
}

/** Rolls the change back. */
class SessionEnded extends Error {}
