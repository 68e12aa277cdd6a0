import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../platform/config/config.js';
import { deriveKey } from '../keys/master-key.js';
import type { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { browserCookie, browserValueIn, newBrowserValue } from './browser-cookie.js';
import { FORM_TOKEN, formToken, isFormToken, isOwnForm } from './form-token.js';

/** The tokens in our forms, without which no form changes anything: a stranger's page can send a form, and cannot know one. */
@Injectable()
export class FormTokens {
  private readonly key: Buffer;
  /** Of browsers that came without a cookie: all forms of one page have the same. */
  private readonly given = new WeakMap<FastifyRequest, string>();

  constructor(private readonly config: Config) {
    this.key = deriveKey(config.secret, 'form-token');
  }

  /**
   * @param binding the purpose, and what the form must not be used after or for: the login session, the request …
   * @returns the value of the hidden field `form_token`; the browser gets its cookie with the page where it has none
   */
  issue(request: FastifyRequest, reply: FastifyReply, binding: string): string {
    return formToken(this.key, this.browserOf(request) ?? this.give(request, reply), binding);
  }

  /** @throws OAuthError invalid_request where the form is not one that this browser was shown for this */
  check(request: FastifyRequest, form: Form, binding: string): void {
    const flaw = this.flawOf(request, form, binding);
    if (flaw) throw OAuthError.invalidRequest(flaw);
  }

  /** The same as a question, where another form is an answer too. */
  isOurs(request: FastifyRequest, form: Form, binding: string): boolean {
    return this.flawOf(request, form, binding) === undefined;
  }

  private flawOf(request: FastifyRequest, form: Form, binding: string): string | undefined {
    const { origin, 'sec-fetch-site': secFetchSite } = request.headers as Record<string, string | undefined>;
    if (!isOwnForm({ origin, secFetchSite }, this.config.issuer)) return 'foreign_origin';
    const browser = this.browserOf(request);
    const token = form.get(FORM_TOKEN);
    return browser && token && isFormToken(token, this.key, browser, binding) ? undefined : 'form_token';
  }

  private browserOf(request: FastifyRequest): string | undefined {
    return browserValueIn(request.headers.cookie, this.config.issuer) ?? this.given.get(request);
  }

  private give(request: FastifyRequest, reply: FastifyReply): string {
    const value = newBrowserValue();
    this.given.set(request, value);
    void reply.header('set-cookie', browserCookie(this.config.issuer, value));
    return value;
  }
}
