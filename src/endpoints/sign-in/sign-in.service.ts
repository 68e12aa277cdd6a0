import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { SignOut } from '../../sign-out/sign-out.service.js';
import type { Proof } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';

/** Completes a sign-in, by password or through the upstream provider. */
@Injectable()
export class SignIn {
  private readonly accountUrl: string;

  constructor(
    private readonly sessions: LoginSessions,
    private readonly signOut: SignOut,
    private readonly requests: AuthorizationRequests,
    config: Config,
  ) {
    this.accountUrl = `${issuerPath(config)}/account`;
  }

  /**
   * Starts the login session and redirects the browser. A session of another user in this browser, even an expired one, is signed
   * out first, with its families.
   * @param query the authorization request to continue; without one, the account page
   */
  async complete(request: FastifyRequest, reply: FastifyReply, proof: Proof, query: string | undefined): Promise<void> {
    const url = query === undefined ? this.accountUrl : this.requests.continueUrl(query);
    const present = await this.sessions.unended(request);
    if (present && present.subject !== proof.subject) {
      const origin = { actor: `user:${proof.subject}`, correlationId: request.id };
      await this.signOut.signOut(present, 'another_user', origin);
    }
    // Without a session, the next page shows the sign-in form again.
    const session = await this.sessions.begin(request, reply, proof);
    request.outcome = { ...request.outcome, result: session ? 'signed_in' : 'sessions_ended' };
    void reply.redirect(url, 303);
  }

  /** A signed-in user does not need the form. */
  async isSignedIn(request: FastifyRequest): Promise<boolean> {
    return (await this.sessions.current(request)) !== undefined;
  }

  toAccount(reply: FastifyReply): void {
    void reply.redirect(this.accountUrl, 303);
  }
}
