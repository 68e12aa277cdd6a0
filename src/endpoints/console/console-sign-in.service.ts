import { Injectable } from '@nestjs/common';
import { KeyRing } from '../../keys/key-ring.service.js';
import { Form } from '../../oauth/form.js';
import { Config } from '../../platform/config/config.js';
import { areSecure, cookieName, cookieOf, setCookie } from '../../platform/http/cookie.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { Clock } from '../../platform/time/clock.js';
import { authorizationQuery } from './console-client.js';
import { ConsoleSessions } from './console-sessions.service.js';
import { newPendingSignIn, openPending, pathWithin, sealPending, sessionOf } from './console-session.js';
import { ConsoleTokens } from './console-tokens.service.js';
import type { Caller } from './caller.js';

const COOKIE = 'console-sign-in';

/** Where the browser goes on, and the cookies that it gets. */
export interface Step {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** Signs an admin in to the console: by authorization code with PKCE, as any client would. */
@Injectable()
export class ConsoleSignIn {
  private readonly home: string;
  private readonly secure: boolean;

  constructor(
    private readonly tokens: ConsoleTokens,
    private readonly sessions: ConsoleSessions,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {
    this.home = `${issuerPath(config)}/console/`;
    this.secure = areSecure(config.issuer);
  }

  /** @param query of the request: `to` is the page to go on to */
  async begin(query: string): Promise<Step> {
    if (!(await this.tokens.register())) return this.failed('no_tls');
    const { issuer } = this.config;
    const pending = newPendingSignIn(pathWithin(Form.read(query).form.get('to'), this.home), this.clock.now());
    const sealed = sealPending(pending, this.keys.mintingTokenKey());
    return {
      location: `${issuer}/authorize?${authorizationQuery(issuer, pending)}`,
      cookies: [setCookie(COOKIE, sealed, undefined, this.secure)],
    };
  }

  /** @param query of the authorization response @param cookies of the request */
  async complete(query: string, cookies: string | undefined, caller: Caller): Promise<Step> {
    const { form } = Form.read(query);
    const now = this.clock.now();
    const sealed = cookieOf(cookies, cookieName(COOKIE, this.secure)) ?? '';
    const pending = await this.keys.reading(({ tokenKey }) => openPending(sealed, tokenKey, now));
    const code = form.get('code');
    if (!pending || form.get('state') !== pending.state) return this.failed('sign_in_lost');
    if (code === undefined) return this.failed(form.get('error') === 'access_denied' ? 'denied' : 'sign_in_failed');
    const answer = await this.tokens.redeem(code, pending.codeVerifier, caller);
    if ('problem' in answer) return this.failed('sign_in_failed');
    return { location: pending.to, cookies: [this.expired, this.sessions.cookieFor(sessionOf(answer.tokens, now))] };
  }

  /** The console says why, and offers another attempt. */
  private failed(problem: string): Step {
    return { location: `${this.home}?problem=${problem}`, cookies: [this.expired] };
  }

  private get expired(): string {
    return setCookie(COOKIE, '', 0, this.secure);
  }
}
