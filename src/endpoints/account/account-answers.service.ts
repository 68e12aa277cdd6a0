import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { wantsPage } from '../../pages/page-error.filter.js';
import type { AccountChange } from '../../pages/texts.js';

/** Identifies the user, and answers: redirects for browsers, plain responses for programs. */
@Injectable()
export class AccountAnswers {
  private readonly path: string;

  constructor(
    private readonly sessions: LoginSessions,
    private readonly config: Config,
  ) {
    this.path = issuerPath(config);
  }

  /** @returns undefined if nobody is signed in; then the browser has been redirected to the sign-in */
  async signedIn(request: FastifyRequest, reply: FastifyReply): Promise<LoginSession | undefined> {
    if (!wantsPage(this.config, request)) return this.signedInForJson(request);
    const session = await this.sessions.current(request);
    if (!session) void reply.redirect(`${this.path}/sign-in`, 303);
    return session;
  }

  /** @throws OAuthError login_required. Not a 401, which would need a WWW-Authenticate challenge */
  async signedInForJson(request: FastifyRequest): Promise<LoginSession> {
    const session = await this.sessions.current(request);
    if (!session) throw new OAuthError('login_required', { reason: 'no_login_session', status: 403 });
    return session;
  }

  done(change: AccountChange, request: FastifyRequest, reply: FastifyReply): void {
    this.leave(`${this.path}/account?done=${change}`, request, reply);
  }

  /** Redirects to the logout endpoint, which shows that nobody is signed in. */
  signedOut(request: FastifyRequest, reply: FastifyReply): void {
    this.sessions.forget(reply);
    this.leave(`${this.path}/end-session`, request, reply);
  }

  private leave(location: string, request: FastifyRequest, reply: FastifyReply): void {
    if (wantsPage(this.config, request)) void reply.redirect(location, 303);
    else void reply.status(204).send();
  }
}
