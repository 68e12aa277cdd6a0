import { Injectable } from '@nestjs/common';
import { IssuanceService } from '../../issuance/issuance.service.js';
import { KeyRing } from '../../keys/key-ring.service.js';
import type { AdminRole } from '../../oauth/scope.js';
import { Config } from '../../platform/config/config.js';
import { areSecure, cookieName, cookieOf, setCookie } from '../../platform/http/cookie.js';
import { Clock } from '../../platform/time/clock.js';
import { UsersService } from '../../users/users.service.js';
import { openSession, sealSession, sessionOf, type ConsoleSession } from './console-session.js';
import { ConsoleTokens } from './console-tokens.service.js';
import type { Caller } from './caller.js';

const COOKIE = 'console';

/** The session to go on with, and the cookie that the browser gets if it is a new one. */
export type Renewal =
  | { readonly session: ConsoleSession; readonly cookie: string | undefined }
  | { readonly problem: 'refused' | 'unavailable' };

export interface ConsoleUser {
  readonly subject: string;
  readonly username: string;
  readonly roles: readonly AdminRole[];
}

/** The sessions of the console, each in its browser's cookie. None outlives the login session. */
@Injectable()
export class ConsoleSessions {
  readonly expiredCookie: string;
  private readonly secure: boolean;

  constructor(
    private readonly tokens: ConsoleTokens,
    private readonly issuance: IssuanceService,
    private readonly users: UsersService,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.secure = areSecure(config.issuer);
    this.expiredCookie = setCookie(COOKIE, '', 0, this.secure);
  }

  /** Until the browser is closed. */
  cookieFor(session: ConsoleSession): string {
    return setCookie(COOKIE, sealSession(session, this.keys.mintingTokenKey()), undefined, this.secure);
  }

  /** @param cookies of the request */
  async current(cookies: string | undefined): Promise<ConsoleSession | undefined> {
    const sealed = cookieOf(cookies, cookieName(COOKIE, this.secure));
    return sealed === undefined ? undefined : await this.keys.reading(({ tokenKey }) => openSession(sealed, tokenKey));
  }

  /** The session with an access token that does not expire on its way. */
  async renewed(session: ConsoleSession, cookies: string, caller: Caller): Promise<Renewal> {
    const now = this.clock.now();
    if (now < session.renewAt) return { session, cookie: undefined };
    const answer = await this.tokens.renew(cookies, caller);
    if ('problem' in answer) return answer;
    const next = sessionOf(answer.tokens, now);
    return { session: next, cookie: this.cookieFor(next) };
  }

  /** @returns undefined if the user was deleted */
  async userOf({ accessToken }: ConsoleSession): Promise<ConsoleUser | undefined> {
    const token = await this.issuance.readAccessToken(accessToken);
    const user = token && (await this.users.find(token.subject));
    return user ? { subject: user.subject, username: user.username, roles: user.adminRoles } : undefined;
  }

  end({ accessToken }: ConsoleSession, caller: Caller): Promise<void> {
    return this.tokens.revoke(accessToken, caller);
  }
}
