import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';
import { canBeToldApart } from '../../clients/client-identity.js';
import { claimNames } from '../../consent/consent.js';
import { OFFLINE_ACCESS } from '../../oauth/scope.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.view.js';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { ScopeCatalog } from '../../scopes/scope-catalog.service.js';
import type { LoginSession } from '../../sessions/login-session.js';
import type { Outcome } from './authorize.service.js';
import { ConsentPage } from './consent.page.js';

type ConsentQuestion = Extract<Outcome, { outcome: 'consent' }>;

/** The consent page. */
@Injectable()
export class ConsentView {
  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly requests: AuthorizationRequests,
    private readonly catalog: ScopeCatalog,
    private readonly config: Config,
  ) {}

  async ask(
    { request: asked, session, userName, consent }: ConsentQuestion,
    query: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { client, redirectUri, scope, claims, uiLocales } = asked;
    const { formToken, cookie } = this.tokens.issue(browserOf(request), consentBinding(session, query));
    const props = {
      action: `${issuerPath(this.config)}/consent`,
      formToken,
      authorizationRequest: query,
      clientName: client.name,
      clientHost: hostOf(redirectUri),
      userName,
      definitions: await this.catalog.definitions(),
      scopes: scope.map((name) => ({ name, granted: consent?.scope.includes(name) ?? false })),
      claims: claimNames(claims),
      offline: scope.includes(OFFLINE_ACCESS),
      isPublicUnidentified: !canBeToldApart(client),
      otherUserHref: this.requests.otherUserUrl(query),
    };
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.consent.title(client.name),
        body: ConsentPage({ texts, ...props }),
      }),
      { uiLocales, leadsToClient: true, cookie },
    );
  }
}

/** The answer is bound to this user and this request. */
export const consentBinding = ({ id }: LoginSession, query: string): string => `consent ${id} ${query}`;

/** The part of a redirect URI that users understand. */
const hostOf = (redirectUri: string): string => {
  const { host, protocol } = new URL(redirectUri);
  return host === '' ? protocol.slice(0, -1) : host;
};
