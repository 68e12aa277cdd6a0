import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { accountPath } from '../../pages/browser-paths.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.view.js';
import type { AccountChange, Texts } from '../../pages/texts.js';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { ScopeCatalog } from '../../scopes/scope-catalog.service.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { showAccount } from './account-representation.js';
import { AccountPage } from './account.page.js';
import { accountBinding, type Account } from './account.js';

/** The result of a form: the user has made this change, or is signed out by it. */
export type FormResult = AccountChange | 'signed_out';

/** The account as a page and as JSON, both with a form token; and the answers to its forms. */
@Injectable()
export class AccountView {
  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly sessions: LoginSessions,
    private readonly scopes: ScopeCatalog,
    private readonly config: Config,
  ) {}

  async page(account: Account, session: LoginSession, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const definitions = await this.scopes.definitions();
    const { formToken, cookie } = this.tokens.issue(browserOf(request), accountBinding(session));
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
          consents: account.consents,
          definitions,
          passwordChangedAt: account.passwordChangedAt,
          actions: this.actions(),
          formToken,
          done: changeOf(asked.get('done'), texts),
        }),
        isWide: true,
      }),
      { uiLocales: asked.get('ui_locales'), cookie },
    );
  }

  json(account: Account, session: LoginSession, request: FastifyRequest, reply: FastifyReply): void {
    const { formToken, cookie } = this.tokens.issue(browserOf(request), accountBinding(session));
    if (cookie !== undefined) void reply.header('set-cookie', cookie);
    void reply.type('application/json; charset=utf-8').send(JSON.stringify(showAccount(account, formToken)));
  }

  /** Nobody is signed in. @throws OAuthError login_required for programs */
  signIn(request: FastifyRequest, reply: FastifyReply): void {
    if (!this.pages.areFor(request)) throw loginRequired();
    void reply.redirect(`${issuerPath(this.config)}/sign-in`, 303);
  }

  /** There is nothing to change for this user. */
  unchanged(reply: FastifyReply): void {
    void reply.redirect(accountPath(this.config), 303);
  }

  /** A browser is redirected to the next page, a program gets no content. */
  changed(result: FormResult, request: FastifyRequest, reply: FastifyReply): void {
    const isSignedOut = result === 'signed_out';
    if (isSignedOut) void reply.header('set-cookie', this.sessions.expiredCookie);
    if (!this.pages.areFor(request)) return void reply.status(204).send();
    const path = issuerPath(this.config);
    // The logout endpoint shows that nobody is signed in.
    void reply.redirect(isSignedOut ? `${path}/end-session` : `${path}/account?done=${result}`, 303);
  }

  private actions() {
    const account = accountPath(this.config);
    return {
      signOut: `${account}/sign-out`,
      changePassword: `${account}/password`,
      endSession: `${account}/sessions/end`,
      endAllSessions: `${account}/sessions/end-all`,
      endAccess: `${account}/access/end`,
      withdraw: `${account}/consents/withdraw`,
    };
  }
}

/** Not a 401, which would need a WWW-Authenticate challenge. */
export const loginRequired = () => new OAuthError('login_required', { reason: 'no_login_session', status: 403 });

/** @param text unchecked, from the URL */
const changeOf = (text: string | undefined, texts: Texts): AccountChange | undefined =>
  text !== undefined && Object.hasOwn(texts.account.done, text) ? (text as AccountChange) : undefined;
