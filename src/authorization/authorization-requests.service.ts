import { Injectable } from '@nestjs/common';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { Config } from '../platform/config/config.js';
import { issuerPath } from '../platform/http/issuer-path.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { MAX_USERNAME_CHARACTERS } from '../oauth/username.js';
import { parseAuthorizationRequest, type AuthorizationRequest } from './authorization-request.js';
import { responseTargetOf, type ResponseTarget } from './response-target.js';

/** What of a request a page may show before anybody has signed in. */
export interface RequestDescription {
  readonly clientName: string;
  readonly redirectUri: string;
  readonly uiLocales?: string;
  readonly loginHint?: string;
}

/** A request that has a place to go, whether it is a good one or not. */
export type ReadRequest =
  { readonly request: AuthorizationRequest } | { readonly target: ResponseTarget; readonly error: OAuthError };

/** Several times what a request takes. It must fit into a form again, encoded twice, below the limit of a body. */
const MAX_CHARACTERS = 8192;

/** Prompts that a sign-in has answered. */
const ANSWERED_BY_SIGN_IN = ['login', 'select_account'];

/** Reads authorization requests, each time anew: nothing is kept of them while a user signs in. */
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
   * @param query its parameters, form-encoded
   * @throws OAuthError where nobody may be redirected anywhere
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

  /** @returns undefined where the client or the redirect URI is not good */
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
   * The request as a link to follow, written down again: what came in a form may have characters that no link has.
   * @throws OAuthError where it is too long for one, and as `Form.read` does
   */
  url(query: string): string {
    const encoded = Form.read(query).form.toString();
    if (encoded.length > MAX_CHARACTERS) throw OAuthError.invalidRequest('too_long');
    return `${this.path}?${encoded}`;
  }

  /** The same request for a user who wants to be somebody else. */
  otherUserUrl(query: string): string {
    const { form } = Form.read(query);
    const parameters = form.without('prompt');
    const asksForConsent = (form.get('prompt') ?? '').split(' ').includes('consent');
    parameters.set('prompt', asksForConsent ? 'select_account consent' : 'select_account');
    return `${this.path}?${parameters.toString()}`;
  }

  /** Where a request goes on after a sign-in, which has answered what of it asked for one. */
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

/** Absent where there is none, and a hint that no username can be is none. */
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
