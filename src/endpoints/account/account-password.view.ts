import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError, type OAuthErrorCode } from '../../oauth/oauth-error.js';
import { accountPath } from '../../pages/browser-paths.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Pages } from '../../pages/pages.view.js';
import { passwordProblem } from '../../passwords/password-policy.js';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { accountBinding } from './account.js';
import { AccountPasswordPage } from './account-password.page.js';
import type { AccountPasswordOutcome } from './account-password.service.js';

type Refusal = Exclude<AccountPasswordOutcome, { verdict: 'changed' | 'session_ended' }>;

/** As for a refused sign-in: not 200, which password managers take for a success. */
const refusals = {
  refused: { status: 403, code: 'access_denied' },
  throttled: { status: 429, code: 'too_many_requests' },
  unfit: { status: 400, code: 'invalid_request' },
  mismatch: { status: 400, code: 'invalid_request' },
} as const satisfies Record<Refusal['verdict'], { status: number; code: OAuthErrorCode }>;

/** The form for a new password, and what was wrong with the last one. */
@Injectable()
export class AccountPasswordView {
  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly config: Config,
  ) {}

  ask(refusal: Refusal | undefined, session: LoginSession, request: FastifyRequest, reply: FastifyReply): void {
    if (refusal?.verdict === 'throttled') void reply.header('retry-after', refusal.retryAfterSeconds);
    if (refusal && !this.pages.areFor(request)) throw this.errorOf(refusal);
    const { formToken, cookie } = this.tokens.issue(browserOf(request), accountBinding(session));
    const account = accountPath(this.config);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.newPassword.change,
        body: AccountPasswordPage({
          texts,
          action: `${account}/password`,
          backHref: account,
          formToken,
          minCharacters: this.config.passwordMinCharacters,
          refusal,
        }),
        failed: refusal !== undefined,
      }),
      {
        ...(refusal && { status: refusals[refusal.verdict].status }),
        uiLocales: Form.ofTarget(request.url).get('ui_locales'),
        cookie,
      },
    );
  }

  private errorOf(refusal: Refusal): OAuthError {
    const { code, status } = refusals[refusal.verdict];
    const reason = refusal.verdict === 'unfit' ? `password_${refusal.flaw}` : `password_${refusal.verdict}`;
    if (refusal.verdict !== 'unfit') return new OAuthError(code, { reason, status });
    const rules = { minCharacters: this.config.passwordMinCharacters };
    return new OAuthError(code, { reason, description: `The ${passwordProblem(refusal.flaw, rules)}.` });
  }
}
