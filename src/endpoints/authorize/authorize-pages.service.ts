import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { SignInForm } from '../sign-in/sign-in-form.service.js';
import type { Form } from '../../oauth/form.js';
import { AuthorizationResponder } from './authorization-responder.service.js';
import { AuthorizationRequests, describe } from '../../authorization/authorization-requests.service.js';
import { AuthorizeService, type Decision } from './authorize.service.js';
import { ConsentForm } from './consent-form.service.js';

/** Answers an authorization request: with the sign-in page, the consent page, or a redirect to the client. */
@Injectable()
export class AuthorizePages {
  constructor(
    private readonly authorize: AuthorizeService,
    private readonly requests: AuthorizationRequests,
    private readonly sessions: LoginSessions,
    private readonly signIn: SignInForm,
    private readonly consent: ConsentForm,
    private readonly responder: AuthorizationResponder,
  ) {}

  /** @param query the parameters of the authorization request, form-encoded */
  async advance(query: string, request: FastifyRequest, reply: FastifyReply, decision?: Decision): Promise<void> {
    const outcome = await this.authorize.advance(query, request, decision);
    switch (outcome.outcome) {
      case 'sign_in': {
        const { request: asked, obstacle } = outcome;
        return this.signIn.show(request, reply, { authorization: { query, ...describe(asked, asked) }, obstacle });
      }
      case 'consent':
        return this.consent.show(outcome, query, request, reply);
      case 'response':
        return this.responder.send(request, reply, outcome.target, outcome.answer);
    }
  }

  /** Handles the consent form. If the session has ended meanwhile, the user signs in and is asked again. */
  async decide(
    { form, query, decision }: { form: Form; query: string; decision: Decision },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const session = await this.sessions.current(request);
    if (!session) return this.askAgain(query, reply);
    this.consent.check(request, form, session, query);
    return this.advance(query, request, reply, decision);
  }

  askAgain(query: string, reply: FastifyReply): void {
    void reply.redirect(this.requests.url(query), 303);
  }
}
