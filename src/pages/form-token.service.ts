import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../platform/config/config.js';
import { deriveKey } from '../keys/master-key.js';
import type { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { browserCookie, browserValueIn, newBrowserValue } from './browser-cookie.js';
import { FORM_TOKEN, formToken, isFormToken, isOwnForm } from './form-token.js';

/** CSRF tokens: no form has an effect without one, and another site can send a form but cannot know the token. */
@Injectable()
export class FormTokens {
  private readonly key: Buffer;
  /** New values for browsers without a cookie, so that all forms of one page share the value. */
  private readonly given = new WeakMap<FastifyRequest, string>();

  constructor(private readonly config: Config) {
    this.key = deriveKey(config.secret, 'form-token');
  }

  /**
   * @param binding the purpose of the form, and the login session or request that it must not be used outside of
   * @returns the value of the hidden field `form_token`; also sets the browser's cookie if it has none
   */
  issue(request: FastifyRequest, reply: FastifyReply, binding: string): string {
    return formToken(this.key, this.browserOf(request) ?? this.give(request, reply), binding);
  }

  /** @throws OAuthError invalid_request unless this browser was shown the form for this binding */
  check(request: FastifyRequest, form: Form, binding: string): void {
    const flaw = this.flawOf(request, form, binding);
    if (flaw) throw OAuthError.invalidRequest(flaw);
  }

  /** Like `check`, as a predicate, for callers that also accept another form. */
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
