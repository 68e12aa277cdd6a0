import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describe } from '../../authorization/authorization-requests.service.js';
import { responseParameters, type ResponseTarget } from '../../authorization/response-target.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { withParameters } from '../../oauth/uri.js';
import { Pages } from '../../pages/pages.view.js';
import { Config } from '../../platform/config/config.js';
import { noteRefusal } from '../../platform/http/request-context.js';
import { SignInView } from '../sign-in/sign-in.view.js';
import type { Outcome } from './authorize.service.js';
import { ConsentView } from './consent.view.js';
import { FORM_POST_SCRIPT_HASH, FormPostPage } from './form-post.page.js';

/** Answers an authorization request: with the sign-in page, the consent page, or a redirect to the client. */
@Injectable()
export class AuthorizeView {
  constructor(
    private readonly signIn: SignInView,
    private readonly consent: ConsentView,
    private readonly pages: Pages,
    private readonly config: Config,
  ) {}

  /** @param query the form-encoded parameters of the request */
  show(outcome: Outcome, query: string, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    switch (outcome.outcome) {
      case 'sign_in': {
        const { request: asked, obstacle } = outcome;
        return this.signIn.ask({ authorization: { query, ...describe(asked, asked) }, obstacle }, request, reply);
      }
      case 'consent':
        return this.consent.ask(outcome, query, request, reply);
      case 'response':
        return this.respond(outcome.target, outcome.answer, request, reply);
    }
  }

  /** Sends the user back to the client with a code or an error, in the requested response mode. */
  respond(
    target: ResponseTarget,
    answer: { code: string } | OAuthError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (answer instanceof OAuthError) noteRefusal(request, answer);
    const parameters = responseParameters(answer, target, this.config.issuer);
    // Never 307, which would repeat the user's form (RFC 9700 §4.12).
    if (target.responseMode === 'query')
      return void reply.redirect(withParameters(target.redirectUri, parameters), 303);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.formPost.title,
        body: FormPostPage({ texts, action: target.redirectUri, parameters }),
      }),
      { leadsToClient: true, scriptSources: [FORM_POST_SCRIPT_HASH] },
    );
  }
}
