import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { textsFor } from '../../pages/languages.js';
import { Pages } from '../../pages/pages.view.js';
import type { Language, PasswordRefusal } from '../../pages/texts.js';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { ForgottenPage } from './forgotten.page.js';
import { NotePage } from './note.page.js';
import type { OpenLink } from './password-reset.service.js';
import { ResetPage } from './reset.page.js';

export const FORGOTTEN_BINDING = 'forgotten';

/** The form is for one link. */
export const resetBinding = (link = ''): string => `new-password ${link}`;

/** The pages for a forgotten password. None has what was typed in it, and none shows whether there is such an account. */
@Injectable()
export class RecoveryView {
  private readonly path: string;

  constructor(
    private readonly pages: Pages,
    private readonly tokens: FormTokens,
    private readonly config: Config,
  ) {
    this.path = `${issuerPath(config)}/sign-in`;
  }

  languageOf(request: FastifyRequest): Language {
    return textsFor({ uiLocales: uiLocalesOf(request), acceptLanguage: request.headers['accept-language'] }).language;
  }

  ask(retryAfterSeconds: number | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { formToken, cookie } = this.tokens.issue(browserOf(request), FORGOTTEN_BINDING);
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.forgotten.title,
        body: ForgottenPage({
          texts,
          action: `${this.path}/forgotten`,
          backHref: this.path,
          formToken,
          retryAfterSeconds,
          supportHref: this.config.supportUrl,
        }),
        failed: retryAfterSeconds !== undefined,
      }),
      { ...(retryAfterSeconds !== undefined && { status: 429 }), uiLocales: uiLocalesOf(request), cookie },
    );
  }

  /** The same for everybody, to the byte. */
  taken(reply: FastifyReply): void {
    void reply.redirect(`${this.path}/forgotten/sent`, 303);
  }

  sent(request: FastifyRequest, reply: FastifyReply): void {
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.forgotten.sent.title,
        body: NotePage({ about: texts.forgotten.sent, onward: { href: this.path, label: texts.signIn.title } }),
      }),
      { uiLocales: uiLocalesOf(request) },
    );
  }

  choose(opened: OpenLink, refusal: PasswordRefusal | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { link, username } = opened;
    const { formToken, cookie } = this.tokens.issue(browserOf(request), resetBinding(link));
    const action = `${this.path}/new-password`;
    const minCharacters = this.config.passwordMinCharacters;
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.forgotten.choose,
        body: ResetPage({ texts, action, formToken, link, username, minCharacters, refusal }),
        failed: refusal !== undefined,
      }),
      { ...(refusal && { status: 400 }), uiLocales: uiLocalesOf(request), cookie, hasSecretUrl: true },
    );
  }

  expired(request: FastifyRequest, reply: FastifyReply): void {
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.forgotten.expired.title,
        body: NotePage({
          about: texts.forgotten.expired,
          onward: { href: `${this.path}/forgotten`, label: texts.forgotten.again },
        }),
        failed: true,
      }),
      { status: 410, uiLocales: uiLocalesOf(request), hasSecretUrl: true },
    );
  }

  changed(reply: FastifyReply): void {
    void reply.redirect(`${this.path}?done=password_changed`, 303);
  }
}

const uiLocalesOf = ({ url }: FastifyRequest): string | undefined => Form.ofTarget(url).get('ui_locales');
