import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { canBeToldApart } from '../../clients/client-identity.js';
import { Config } from '../../platform/config/config.js';
import { claimNames, type Consent } from '../../consent/consent.js';
import { ConsentPage } from './consent.page.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import type { LoginSession } from '../../sessions/login-session.js';
import type { Form } from '../../oauth/form.js';
import { OFFLINE_ACCESS } from '../../oauth/scope.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.service.js';
import { UsersService } from '../../users/users.service.js';
import type { AuthorizationRequest } from '../../authorization/authorization-request.js';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';

export interface ConsentQuestion {
  readonly request: AuthorizationRequest;
  readonly session: LoginSession;
  /** The user's earlier consent. */
  readonly consent: Consent | undefined;
}

/** Shows the consent page. The answer is bound to this user and this request. */
@Injectable()
export class ConsentForm {
  private readonly path: string;

  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly users: UsersService,
    private readonly requests: AuthorizationRequests,
    config: Config,
  ) {
    this.path = issuerPath(config);
  }

  async show(
    { request: asked, session, consent }: ConsentQuestion,
    query: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { client, redirectUri, scope, claims, uiLocales } = asked;
    const user = await this.users.find(session.subject);
    const props = {
      action: `${this.path}/consent`,
      formToken: this.tokens.issue(request, reply, bindingOf(session, query)),
      authorizationRequest: query,
      clientName: client.name,
      clientHost: hostOf(redirectUri),
      userName: user?.username ?? session.subject,
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
      { uiLocales, leadsToClient: true },
    );
  }

  /** @throws OAuthError unless the form belongs to this session and request */
  check(request: FastifyRequest, form: Form, session: LoginSession, query: string): void {
    this.tokens.check(request, form, bindingOf(session, query));
  }
}

const bindingOf = ({ id }: LoginSession, query: string): string => `consent ${id} ${query}`;

/** The part of a redirect URI that users understand. */
const hostOf = (redirectUri: string): string => {
  const { host, protocol } = new URL(redirectUri);
  return host === '' ? protocol.slice(0, -1) : host;
};
