import { Injectable } from '@nestjs/common';
import { AuthorizationRequests, type RequestDescription } from '../../authorization/authorization-requests.service.js';
import { Config } from '../../platform/config/config.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import { auditedOf } from '../../platform/http/request-context.js';
import { ACR_PASSWORD } from '../../oauth/authentication.js';
import type { Form } from '../../oauth/form.js';
import { accountPath } from '../../pages/browser-paths.js';
import { SignOut } from '../../sign-out/sign-out.service.js';
import type { Proof } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import type { SignInObstacle } from '../../sessions/sign-in-obstacle.js';
import { UsersService } from '../../users/users.service.js';

/** The authorization request that the user is to sign in for. */
export interface SignInFor extends RequestDescription {
  /** The form-encoded parameters. */
  readonly query: string;
}

/** What the sign-in form says. */
export interface SignInQuestion {
  /** Absent if the user signs in for the account page. */
  readonly authorization?: SignInFor | undefined;
  /** The username typed before. */
  readonly username?: string | undefined;
  readonly problem?: 'wrong' | 'throttled';
  readonly obstacle?: SignInObstacle | undefined;
  readonly retryAfterSeconds?: number;
}

export interface SignedIn {
  /** The URL that continues. */
  readonly location: string;
  /** The `Set-Cookie`; absent if all sessions of the user were ended meanwhile. Then `location` shows the form again. */
  readonly cookie: string | undefined;
}

/** Signs users in, by password or, for `upstream/`, with a proof of another provider. */
@Injectable()
export class SignIn {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: LoginSessions,
    private readonly signOut: SignOut,
    private readonly requests: AuthorizationRequests,
    private readonly config: Config,
  ) {}

  /** @param form as sent by the sign-in page @returns the question to ask again if username and password are refused */
  async withPassword(form: Form, browser: BrowserContext): Promise<SignedIn | SignInQuestion> {
    const query = form.get('authorization_request');
    const username = form.get('username');
    const outcome = await this.users.authenticate(username ?? '', form.get('password') ?? '', browser);
    if (outcome.verdict === 'ok') {
      const { subject, sessionEpoch } = outcome;
      return this.complete({ subject, sessionEpoch, acr: ACR_PASSWORD, amr: ['pwd'] }, query, browser);
    }
    const authorization = query === undefined ? undefined : await this.authorizationOf(query);
    if (outcome.verdict === 'refused') return { authorization, username, problem: 'wrong' };
    const { retryAfterSeconds } = outcome;
    return { authorization, username, problem: 'throttled', retryAfterSeconds };
  }

  /**
   * Starts the login session. A session of another user in this browser, even an expired one, is signed out first, with its
   * families.
   * @param query the authorization request to continue; without one, the account page
   */
  async complete(proof: Proof, query: string | undefined, browser: BrowserContext): Promise<SignedIn> {
    const location = query === undefined ? accountPath(this.config) : this.requests.continueUrl(query);
    const present = await this.sessions.unended(browser);
    if (present && present.subject !== proof.subject) {
      const origin = { actor: `user:${proof.subject}`, ...auditedOf(browser) };
      await this.signOut.signOut(present, 'another_user', origin);
    }
    const begun = await this.sessions.begin(browser, proof);
    return { location, cookie: begun?.cookie };
  }

  /** The client may have been deleted since the form was shown; then there is no request to continue. */
  private async authorizationOf(query: string): Promise<SignInFor | undefined> {
    const description = await this.requests.describe(query);
    return description && { query, ...description };
  }
}
