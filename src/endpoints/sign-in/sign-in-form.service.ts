import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import type { Form } from '../../oauth/form.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.service.js';
import { SignInPage } from './sign-in.page.js';
import type { SignInObstacle } from '../../sessions/sign-in-obstacle.js';
import { MAX_JOURNEY_REQUEST_CHARACTERS } from '../../upstream/upstream-journey.js';

/** The authorization request that the user is to sign in for. */
export interface SignInFor {
  /** The form-encoded parameters. */
  readonly query: string;
  readonly clientName: string;
  readonly redirectUri: string;
  readonly uiLocales?: string;
  readonly loginHint?: string;
}

export interface SignInFormOptions {
  /** Absent if the user signs in for the account page. */
  readonly authorization?: SignInFor | undefined;
  /** The username typed before. */
  readonly username?: string | undefined;
  readonly problem?: 'wrong' | 'throttled';
  readonly obstacle?: SignInObstacle | undefined;
  readonly retryAfterSeconds?: number;
  readonly status?: number;
}

const MAX_SHOWN_CHARACTERS = 255;

/** The sign-in page: username and password, and the upstream provider if there is one. */
@Injectable()
export class SignInForm {
  private readonly path: string;

  constructor(
    private readonly config: Config,
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
  ) {
    this.path = issuerPath(config);
  }

  show(request: FastifyRequest, reply: FastifyReply, options: SignInFormOptions): void {
    const {
      authorization,
      username = authorization?.loginHint,
      problem,
      obstacle,
      retryAfterSeconds,
      status,
    } = options;
    const query = authorization?.query;
    const props = {
      action: `${this.path}/sign-in`,
      authorizationRequest: query,
      formToken: this.tokens.issue(request, reply, bindingOf(query)),
      username: username?.slice(0, MAX_SHOWN_CHARACTERS),
      problem,
      obstacle,
      retryAfterSeconds,
      clientName: authorization?.clientName,
      upstream: this.upstream(query),
    };
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.signIn.title,
        body: SignInPage({ texts, ...props }),
        failed: problem !== undefined,
      }),
      {
        ...(status !== undefined && { status }),
        uiLocales: authorization?.uiLocales,
        // If the client has consent already, this form redirects to it through /authorize.
        leadsToClient: authorization !== undefined,
      },
    );
  }

  /** @throws OAuthError unless this browser was shown the form for this request */
  check(request: FastifyRequest, form: Form, query: string | undefined): void {
    this.tokens.check(request, form, bindingOf(query));
  }

  private upstream(query: string | undefined): { name: string; href: string } | undefined {
    const { upstreamIssuer, upstreamName } = this.config;
    if (!upstreamIssuer || (query ?? '').length > MAX_JOURNEY_REQUEST_CHARACTERS) return undefined;
    const search = query === undefined ? '' : `?authorization_request=${encodeURIComponent(query)}`;
    return { name: upstreamName ?? new URL(upstreamIssuer).host, href: `${this.path}/sign-in/upstream${search}` };
  }
}

const bindingOf = (query = ''): string => `sign-in ${query}`;
