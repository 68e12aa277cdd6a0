import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import type { Form } from '../../oauth/form.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.service.js';
import { UsersService } from '../../users/users.service.js';
import type { EndSessionRequest } from './end-session-request.js';
import type { EndSessionOutcome } from './end-session.service.js';
import { SignOutPage } from './sign-out.page.js';
import { SignedOutPage } from './signed-out.page.js';

/** The hidden field with the session that the question was about. */
const SESSION = 'session';

type Question = Extract<EndSessionOutcome, { outcome: 'ask' }>;

/** Answers a logout request: with a question, a redirect to the client, or the signed-out page. */
@Injectable()
export class EndSessionPages {
  private readonly path: string;

  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly sessions: LoginSessions,
    private readonly users: UsersService,
    config: Config,
  ) {
    this.path = issuerPath(config);
  }

  async show(
    outcome: EndSessionOutcome,
    asked: EndSessionRequest,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const isWithheld = asked.postLogoutRedirectUri !== undefined && outcome.location === undefined;
    if (isWithheld) request.outcome = { ...request.outcome, result: 'post_logout_redirect_withheld' };
    if (outcome.outcome === 'ask') return this.ask(outcome, asked, request, reply);
    // A form from another site comes without the cookie, so it must not delete the cookie either.
    if (outcome.outcome === 'ended') this.sessions.forget(reply);
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

  /** @throws OAuthError unless the form was shown to the user of this session */
  check(request: FastifyRequest, form: Form, { id }: LoginSession): void {
    this.tokens.check(request, form, bindingOf(id));
  }

  /** Whether this browser was shown the form, in a login session that may have ended since. */
  isShownHere(request: FastifyRequest, form: Form): boolean {
    return this.tokens.isOurs(request, form, bindingOf(form.get(SESSION) ?? ''));
  }

  /** The form returns the parameters of the request, which are validated again then. The ID token is not needed any more. */
  private async ask(
    { session, client, location }: Question,
    { postLogoutRedirectUri, state, uiLocales }: EndSessionRequest,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const user = await this.users.find(session.subject);
    const afterwards = location !== undefined && {
      client_id: client?.clientId,
      post_logout_redirect_uri: postLogoutRedirectUri,
      state,
    };
    const props = {
      action: `${this.path}/end-session/confirm`,
      formToken: this.tokens.issue(request, reply, bindingOf(session.id)),
      userName: user?.username ?? session.subject,
      clientName: client?.name,
      parameters: { ...afterwards, ui_locales: uiLocales, [SESSION]: session.id },
      stayHref: `${this.path}/account`,
      isWithheld: postLogoutRedirectUri !== undefined && location === undefined,
    };
    this.pages.show(
      request,
      reply,
      (texts) => ({ title: texts.signOut.title, body: SignOutPage({ texts, ...props }) }),
      { uiLocales, leadsToClient: location !== undefined },
    );
  }
}

const bindingOf = (sessionId: string): string => `end-session ${sessionId}`;
