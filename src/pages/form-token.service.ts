import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { BrowserContext } from '../platform/http/browser-context.js';
import { RootKey } from '../keys/root-key.js';
import type { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { browserCookie, browserValueIn, newBrowserValue } from './browser-cookie.js';
import { FORM_TOKEN, formToken, isFormToken, isOwnForm } from './form-token.js';

export interface IssuedFormToken {
  /** For the hidden field `form_token`. */
  readonly formToken: string;
  /** The `Set-Cookie` for a browser that has no cookie yet. */
  readonly cookie: string | undefined;
}

/** CSRF tokens: no form has an effect without one, and another site can send a form but cannot know the token. */
@Injectable()
export class FormTokens {
  private readonly key: Buffer;

  constructor(
    private readonly config: Config,
    rootKey: RootKey,
  ) {
    this.key = rootKey.derive('form-token');
  }

  /** @param binding the purpose of the form, and the login session or request that it must not be used outside of */
  issue({ cookies }: BrowserContext, binding: string): IssuedFormToken {
    const { issuer } = this.config;
    const known = browserValueIn(cookies, issuer);
    const browser = known ?? newBrowserValue();
    return {
      formToken: formToken(this.key, browser, binding),
      cookie: known === undefined ? browserCookie(issuer, browser) : undefined,
    };
  }

  /** @throws OAuthError invalid_request unless this browser was shown the form for this binding */
  check(browser: BrowserContext, form: Form, binding: string): void {
    const flaw = this.flawOf(browser, form, binding);
    if (flaw) throw OAuthError.invalidRequest(flaw);
  }

  /** Like `check`, as a predicate, for callers that also accept another form. */
  isOurs(browser: BrowserContext, form: Form, binding: string): boolean {
    return this.flawOf(browser, form, binding) === undefined;
  }

  private flawOf(browser: BrowserContext, form: Form, binding: string): string | undefined {
    const { issuer } = this.config;
    if (!isOwnForm(browser, issuer)) return 'foreign_origin';
    const value = browserValueIn(browser.cookies, issuer);
    const token = form.get(FORM_TOKEN);
    return value && token && isFormToken(token, this.key, value, binding) ? undefined : 'form_token';
  }
}
