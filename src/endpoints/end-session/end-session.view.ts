import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.view.js';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import type { EndSessionRequest } from './end-session-request.js';
import type { EndSessionOutcome } from './end-session.service.js';
import { SignOutPage } from './sign-out.page.js';
import { SignedOutPage } from './signed-out.page.js';

/** The hidden field with the session that the question was about. */
export const SESSION = 'session';

type Question = Extract<EndSessionOutcome, { outcome: 'ask' }>;

/** Answers a logout request: with a question, a redirect to the client, or the signed-out page. */
@Injectable()
export class EndSessionView {
  private readonly path: string;

  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly sessions: LoginSessions,
    config: Config,
  ) {
    this.path = issuerPath(config);
  }

  show(outcome: EndSessionOutcome, asked: EndSessionRequest, request: FastifyRequest, reply: FastifyReply): void {
    const isWithheld = asked.postLogoutRedirectUri !== undefined && outcome.location === undefined;
    request.outcome = {
      clientId: outcome.client?.clientId,
      ...(isWithheld && { result: 'post_logout_redirect_withheld' }),
    };
    if (outcome.outcome === 'ask') return this.ask(outcome, asked, request, reply);
    // A form from another site comes without the cookie, so it must not delete the cookie either.
    if (outcome.outcome === 'ended') void reply.header('set-cookie', this.sessions.expiredCookie);
    if (outcome.location !== undefined) return void reply.redirect(outcome.location, 303);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.signedOut.title,
        body: SignedOutPage({ texts, signInHref: `${this.path}/account`, isWithheld }),
      }),
      { uiLocales: asked.uiLocales },
    );
  }

  /** The form returns the parameters of the request, which are validated again then. The ID token is not needed any more. */
  private ask(
    { session, userName, client, location }: Question,
    { postLogoutRedirectUri, state, uiLocales }: EndSessionRequest,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { formToken, cookie } = this.tokens.issue(browserOf(request), endSessionBinding(session.id));
    const afterwards = location !== undefined && {
      client_id: client?.clientId,
      post_logout_redirect_uri: postLogoutRedirectUri,
      state,
    };
    const props = {
      action: `${this.path}/end-session/confirm`,
      formToken,
      userName,
      clientName: client?.name,
      parameters: { ...afterwards, ui_locales: uiLocales, [SESSION]: session.id },
      stayHref: `${this.path}/account`,
      isWithheld: postLogoutRedirectUri !== undefined && location === undefined,
    };
    this.pages.show(
      request,
      reply,
      (texts) => ({ title: texts.signOut.title, body: SignOutPage({ texts, ...props }) }),
      { uiLocales, leadsToClient: location !== undefined, cookie },
    );
  }
}

/** The form is for the user of this session. */
export const endSessionBinding = (sessionId: string): string => `end-session ${sessionId}`;
