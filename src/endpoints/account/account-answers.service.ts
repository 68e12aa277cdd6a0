import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { wantsPage } from '../../pages/page-error.filter.js';
import type { AccountChange } from '../../pages/texts.js';

/** Who asks, and where they go afterwards: people to a page, programs nowhere. */
@Injectable()
export class AccountAnswers {
  private readonly path: string;

  constructor(
    private readonly sessions: LoginSessions,
    private readonly config: Config,
  ) {
    this.path = issuerPath(config);
  }

  /** @returns undefined where nobody is, and the answer was given: people are sent to the sign-in */
  async signedIn(request: FastifyRequest, reply: FastifyReply): Promise<LoginSession | undefined> {
    if (!wantsPage(this.config, request)) return this.signedInForJson(request);
    const session = await this.sessions.current(request);
    if (!session) void reply.redirect(`${this.path}/sign-in`, 303);
    return session;
  }

  /** @throws OAuthError login_required. Not a 401, which would have to name a way to authenticate that there is not */
  async signedInForJson(request: FastifyRequest): Promise<LoginSession> {
    const session = await this.sessions.current(request);
    if (!session) throw new OAuthError('login_required', { reason: 'no_login_session', status: 403 });
    return session;
  }

  done(change: AccountChange, request: FastifyRequest, reply: FastifyReply): void {
    this.leave(`${this.path}/account?done=${change}`, request, reply);
  }

  /** Without a login session, the logout endpoint says that there is none. */
  signedOut(request: FastifyRequest, reply: FastifyReply): void {
    this.sessions.forget(reply);
    this.leave(`${this.path}/end-session`, request, reply);
  }

  private leave(location: string, request: FastifyRequest, reply: FastifyReply): void {
    if (wantsPage(this.config, request)) void reply.redirect(location, 303);
    else void reply.status(204).send();
  }
}
