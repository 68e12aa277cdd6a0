import { Injectable } from '@nestjs/common';
import { Registrar } from '../../first-boot/registrar.service.js';
import { deriveKey } from '../../keys/master-key.js';
import { redirectUriProblem } from '../../oauth/redirect-uri.js';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import type { Caller } from './caller.js';
import { authorizationQuery, CONSOLE_CLIENT_ID, consoleAddresses, consoleClient } from './console-client.js';
import { newSecret, type TokensReceived } from './console-session.js';
import { OwnRequests, type OwnAnswer } from './own-requests.service.js';

/** Tokens, or why there are none: `refused` is final, `unavailable` is worth another attempt. */
export type TokenAnswer = { readonly tokens: TokensReceived } | { readonly problem: 'refused' | 'unavailable' };

/** The console's requests as an OAuth client. Its secret is derived from the master key, so that no replica has to be told it. */
@Injectable()
export class ConsoleTokens {
  private readonly secret: string;
  private readonly path: string;

  constructor(
    private readonly requests: OwnRequests,
    private readonly registrar: Registrar,
    private readonly config: Config,
  ) {
    this.secret = deriveKey(config.secret, 'console-client').toString('base64url');
    this.path = issuerPath(config);
  }

  /** Registers the console, or its new address. @returns false if no client may have that address: it is neither https nor here */
  async register(): Promise<boolean> {
    const { issuer } = this.config;
    const [redirectUri = ''] = consoleAddresses(issuer).redirectUris;
    if (redirectUriProblem(redirectUri, 'confidential')) return false;
    await this.registrar.ensureClient(consoleClient(issuer), CONSOLE_CLIENT_ID, this.secret);
    await this.registrar.adjustClient(CONSOLE_CLIENT_ID, consoleAddresses(issuer));
    return true;
  }

  redeem(code: string, codeVerifier: string, caller: Caller): Promise<TokenAnswer> {
    const [redirect_uri = ''] = consoleAddresses(this.config.issuer).redirectUris;
    return this.request({ grant_type: 'authorization_code', code, code_verifier: codeVerifier, redirect_uri }, caller);
  }

  /**
   * Another token without asking the user (OpenID Connect Core §3.1.2.1, `prompt=none`), for as long as they are signed in here.
   * @param cookies of the browser
   */
  async renew(cookies: string, caller: Caller): Promise<TokenAnswer> {
    const [state, codeVerifier] = [newSecret(), newSecret()];
    const query = authorizationQuery(this.config.issuer, { state, codeVerifier, prompt: 'none' });
    const { status, headers } = await this.requests.send(
      { method: 'GET', path: `${this.path}/authorize?${query}`, headers: { cookie: cookies } },
      caller,
    );
    if (status >= 500) return { problem: 'unavailable' };
    const answer = URL.parse(headers.location ?? '')?.searchParams;
    const code = answer?.get('state') === state ? answer.get('code') : undefined;
    return code ? this.redeem(code, codeVerifier, caller) : { problem: 'refused' };
  }

  async revoke(accessToken: string, caller: Caller): Promise<void> {
    await this.post('/revoke', { token: accessToken }, caller);
  }

  private async request(parameters: Record<string, string>, caller: Caller): Promise<TokenAnswer> {
    const { status, body } = await this.post('/token', parameters, caller);
    if (status === 200) return { tokens: JSON.parse(body) as TokensReceived };
    return { problem: status < 500 && status !== 429 ? 'refused' : 'unavailable' };
  }

  private post(endpoint: string, parameters: Record<string, string>, caller: Caller): Promise<OwnAnswer> {
    const credentials = Buffer.from(`${CONSOLE_CLIENT_ID}:${this.secret}`).toString('base64');
    return this.requests.send(
      {
        method: 'POST',
        path: `${this.path}${endpoint}`,
        headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(parameters).toString(),
      },
      caller,
    );
  }
}
