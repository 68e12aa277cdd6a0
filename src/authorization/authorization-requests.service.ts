import { Injectable } from '@nestjs/common';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { Config } from '../platform/config/config.js';
import { issuerPath } from '../platform/http/issuer-path.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { MAX_USERNAME_CHARACTERS } from '../oauth/username.js';
import { parseAuthorizationRequest, type AuthorizationRequest } from './authorization-request.js';
import { responseTargetOf, type ResponseTarget } from './response-target.js';

/** The parts of a request that a page may show before sign-in. */
export interface RequestDescription {
  readonly clientName: string;
  readonly redirectUri: string;
  readonly uiLocales?: string;
  readonly loginHint?: string;
}

/** A request with a valid redirect target; the request itself may be invalid. */
export type ReadRequest =
  { readonly request: AuthorizationRequest } | { readonly target: ResponseTarget; readonly error: OAuthError };

/** Several times the length of a request. Encoded once more in a form, it must stay below the body limit. */
const MAX_CHARACTERS = 8192;

/** Prompts that a sign-in satisfies. */
const ANSWERED_BY_SIGN_IN = ['login', 'select_account'];

/** Parses authorization requests, each time anew: nothing is stored while the user signs in. */
@Injectable()
export class AuthorizationRequests {
  private readonly path: string;

  constructor(
    private readonly clients: ClientDirectory,
    config: Config,
  ) {
    this.path = `${issuerPath(config)}/authorize`;
  }

  /**
   * @param query the form-encoded parameters
   * @throws OAuthError if the browser must not be redirected
   */
  async read(query: string): Promise<ReadRequest> {
    if (query.length > MAX_CHARACTERS) throw OAuthError.invalidRequest('too_long');
    const { form, repeated } = Form.read(query);
    if (repeated.some((name) => DECIDE_WHERE_TO_GO.includes(name))) {
      throw OAuthError.invalidRequest('repeated_parameter');
    }
    const target = await this.targetOf(form);
    try {
      // RFC 6749 §3.1
      if (repeated.length > 0) throw OAuthError.invalidRequest('repeated_parameter');
      return { request: parseAuthorizationRequest(target, form) };
    } catch (error) {
      if (error instanceof OAuthError) return { target, error };
      throw error;
    }
  }

  /** @returns undefined if the client or the redirect URI is invalid */
  async describe(query: string): Promise<RequestDescription | undefined> {
    if (query.length > MAX_CHARACTERS) return undefined;
    const { form } = Form.read(query);
    const target = await this.targetOf(form).catch((error: unknown) => {
      if (error instanceof OAuthError && error.code === 'invalid_request') return undefined;
      throw error;
    });
    if (!target) return undefined;
    return describe(target, { uiLocales: form.get('ui_locales'), loginHint: form.get('login_hint') });
  }

  /**
   * The request as a URL, encoded anew: a form may contain characters that a URL must not.
   * @throws OAuthError if it is too long for a URL, or as `Form.read` does
   */
  url(query: string): string {
    const encoded = Form.read(query).form.toString();
    if (encoded.length > MAX_CHARACTERS) throw OAuthError.invalidRequest('too_long');
    return `${this.path}?${encoded}`;
  }

  /** The same request with account selection, for signing in as another user. */
  otherUserUrl(query: string): string {
    const { form } = Form.read(query);
    const parameters = form.without('prompt');
    const asksForConsent = (form.get('prompt') ?? '').split(' ').includes('consent');
    parameters.set('prompt', asksForConsent ? 'select_account consent' : 'select_account');
    return `${this.path}?${parameters.toString()}`;
  }

  /** The URL that continues the request after a sign-in, without the prompts that the sign-in satisfied. */
  continueUrl(query: string): string {
    const { form } = Form.read(query);
    const prompt = (form.get('prompt') ?? '')
      .split(' ')
      .filter((one) => one !== '' && !ANSWERED_BY_SIGN_IN.includes(one))
      .join(' ');
    const parameters = form.without('prompt', 'max_age');
    if (prompt !== '') parameters.set('prompt', prompt);
    return `${this.path}?${parameters.toString()}`;
  }

  private async targetOf(form: Form): Promise<ResponseTarget> {
    const clientId = form.get('client_id');
    return responseTargetOf(clientId === undefined ? undefined : await this.clients.find(clientId), form);
  }
}

/** Members without a value are absent; a hint too long for a username is dropped. */
export const describe = (
  { client, redirectUri }: ResponseTarget,
  { uiLocales, loginHint }: { uiLocales: string | undefined; loginHint: string | undefined },
): RequestDescription => ({
  clientName: client.name,
  redirectUri,
  ...(uiLocales !== undefined && { uiLocales }),
  ...(loginHint !== undefined && loginHint.length <= MAX_USERNAME_CHARACTERS && { loginHint }),
});

const DECIDE_WHERE_TO_GO = ['client_id', 'redirect_uri', 'response_mode', 'state'];
