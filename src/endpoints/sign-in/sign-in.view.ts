import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { queryOf } from '../../platform/http/request-context.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.view.js';
import { MAX_PENDING_REQUEST_CHARACTERS } from '../../upstream/pending-sign-in.js';
import { SignInPage } from './sign-in.page.js';
import type { SignedIn, SignInQuestion } from './sign-in.service.js';

const MAX_SHOWN_CHARACTERS = 255;

/**
 * The status of a refused sign-in. Not 200: password managers would take it for a success and offer to save the password. Not
 * 401: it would need a WWW-Authenticate challenge (RFC 9110 §15.5.2), and a form has no HTTP authentication scheme.
 */
const STATUS = { wrong: 403, throttled: 429 } as const;

/** The sign-in page: username and password, and the upstream provider if there is one. */
@Injectable()
export class SignInView {
  private readonly path: string;

  constructor(
    private readonly config: Config,
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
  ) {
    this.path = issuerPath(config);
  }

  ask(question: SignInQuestion, request: FastifyRequest, reply: FastifyReply): void {
    const { authorization, username = authorization?.loginHint, problem, obstacle, retryAfterSeconds } = question;
    const query = authorization?.query;
    const { formToken, cookie } = this.tokens.issue(browserOf(request), signInBinding(query));
    const props = {
      action: `${this.path}/sign-in`,
      authorizationRequest: query,
      formToken,
      username: username?.slice(0, MAX_SHOWN_CHARACTERS),
      problem,
      obstacle,
      retryAfterSeconds,
      clientName: authorization?.clientName,
      // Lenient: the query of this page has no other meaning.
      hasNewPassword: new URLSearchParams(queryOf(request.url)).get('done') === 'password_changed',
      forgottenHref: this.config.smtpUrl === undefined ? undefined : `${this.path}/sign-in/forgotten`,
      supportHref: this.config.supportUrl,
      upstream: this.upstream(query),
    };
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.signIn.title,
        body: SignInPage({ texts, ...props }),
        failed: problem !== undefined,
      }),
      {
        ...(problem && { status: STATUS[problem] }),
        uiLocales: authorization?.uiLocales,
        // If the client has consent already, this form redirects to it through /authorize.
        leadsToClient: authorization !== undefined,
        cookie,
      },
    );
  }

  signedIn({ location, cookie }: SignedIn, request: FastifyRequest, reply: FastifyReply): void {
    request.outcome = { ...request.outcome, result: cookie ? 'signed_in' : 'sessions_ended' };
    if (cookie) void reply.header('set-cookie', cookie);
    void reply.redirect(location, 303);
  }

  private upstream(query: string | undefined): { name: string; href: string } | undefined {
    const { upstreamIssuer, upstreamName } = this.config;
    if (!upstreamIssuer || (query ?? '').length > MAX_PENDING_REQUEST_CHARACTERS) return undefined;
    const search = query === undefined ? '' : `?authorization_request=${encodeURIComponent(query)}`;
    return { name: upstreamName ?? new URL(upstreamIssuer).host, href: `${this.path}/sign-in/upstream${search}` };
  }
}

/** The form is for one authorization request, or none. */
export const signInBinding = (query = ''): string => `sign-in ${query}`;
