import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.service.js';
import type { AccountChange, Texts } from '../../pages/texts.js';
import { AccountOverview } from './account-overview.service.js';
import { showAccount } from './account-representation.js';
import { AccountPage } from './account.page.js';

/** The account as a page and as JSON, both with a form token. */
@Injectable()
export class AccountPages {
  private readonly path: string;

  constructor(
    private readonly overview: AccountOverview,
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    config: Config,
  ) {
    this.path = issuerPath(config);
  }

  async show(session: LoginSession, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const account = await this.overview.of(session);
    const formToken = this.tokens.issue(request, reply, bindingOf(session));
    const asked = Form.ofTarget(request.url);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.account.title,
        body: AccountPage({
          texts,
          userName: account.userName,
          userDetail: account.email,
          sessions: account.sessions,
          access: account.access.map(({ offline, ...access }) => ({ ...access, isOffline: offline })),
          agreements: account.agreements,
          actions: this.actions(),
          formToken,
          done: changeOf(asked.get('done'), texts),
        }),
        isWide: true,
      }),
      { uiLocales: asked.get('ui_locales') },
    );
  }

  async json(session: LoginSession, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const account = await this.overview.of(session);
    const body = showAccount(account, this.tokens.issue(request, reply, bindingOf(session)));
    void reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
  }

  /** @returns the form @throws OAuthError unless it was shown to the user of this session */
  formOf(request: FastifyRequest, session: LoginSession): Form {
    if (!(request.body instanceof Form)) throw OAuthError.invalidRequest('not_a_form');
    this.tokens.check(request, request.body, bindingOf(session));
    return request.body;
  }

  private actions() {
    const account = `${this.path}/account`;
    return {
      signOut: `${account}/sign-out`,
      endSession: `${account}/sessions/end`,
      endAllSessions: `${account}/sessions/end-all`,
      endAccess: `${account}/access/end`,
      withdraw: `${account}/agreements/withdraw`,
    };
  }
}

const bindingOf = ({ id }: LoginSession): string => `account ${id}`;

/** @param text unchecked, from the URL */
const changeOf = (text: string | undefined, texts: Texts): AccountChange | undefined =>
  text !== undefined && Object.hasOwn(texts.account.done, text) ? (text as AccountChange) : undefined;
