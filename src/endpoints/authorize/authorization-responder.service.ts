import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { noteRefusal } from '../../platform/http/request-context.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { withParameters } from '../../oauth/uri.js';
import { Pages } from '../../pages/pages.service.js';
import { FORM_POST_SCRIPT_HASH, FormPostPage } from './form-post.page.js';
import { responseParameters, type ResponseTarget } from '../../authorization/response-target.js';

/** Sends the user back to the client with a code or an error, in the requested response mode. */
@Injectable()
export class AuthorizationResponder {
  constructor(
    private readonly pages: Pages,
    private readonly config: Config,
  ) {}

  send(
    request: FastifyRequest,
    reply: FastifyReply,
    target: ResponseTarget,
    answer: { code: string } | OAuthError,
  ): void {
    request.outcome = { clientId: target.client.clientId };
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
