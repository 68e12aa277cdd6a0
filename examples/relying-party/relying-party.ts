/**
 * The protocol of the demo client, through `openid-client`: signing a user in, refreshing, signing out. It knows the issuer's
 * URL and its own credentials; all other URLs come from the issuer's metadata.
 */
import * as openid from 'openid-client';
import { baseUrlOf, type Settings } from './settings.js';

/** `offline_access` requests a refresh token; `read` is a scope of the resource server. */
const SCOPE = 'openid profile email offline_access read';

/** The state of a sign-in until the user comes back. Only the browser that started it may finish it. */
export interface SignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** The content of one token response. Immutable: a refresh creates another. */
export interface Tokens {
  readonly accessToken: string;
  /** Milliseconds since the epoch by this server's clock, counted from the response. */
  readonly accessTokenExpiresAt: number;
  readonly refreshToken: string | undefined;
  readonly scope: string | undefined;
  /** The encoded token, for the hint at sign-out. */
  readonly idToken: string;
  readonly claims: openid.IDToken;
}

export class RelyingParty {
  readonly #redirectUri: string;
  readonly #postLogoutRedirectUri: string;
  #configuration: Promise<openid.Configuration> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly now: () => number,
  ) {
    this.#redirectUri = `${baseUrlOf(settings)}/callback`;
    this.#postLogoutRedirectUri = `${baseUrlOf(settings)}/`;
  }

  /** @param prompt `none`: do not ask the user; `login`: ask for the password again @returns the URL to send the user to */
  async beginSignIn(prompt?: string): Promise<{ signIn: SignIn; url: URL }> {
    const signIn = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      codeVerifier: openid.randomPKCECodeVerifier(),
    };
    const url = openid.buildAuthorizationUrl(await this.configuration(), {
      redirect_uri: this.#redirectUri,
      scope: SCOPE,
      state: signIn.state,
      nonce: signIn.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(signIn.codeVerifier),
      code_challenge_method: 'S256',
      ...(prompt !== undefined && { prompt }),
    });
    return { signIn, url };
  }

  /**
   * @param query the parameters of the authorization response
   * @throws openid.AuthorizationResponseError if the response is an error: `access_denied`, `login_required`, …
   */
  async finishSignIn(query: string, { state, nonce, codeVerifier }: SignIn): Promise<Tokens> {
    // Verifies `state`, `iss`, and the ID token's signature and claims.
    const response = await openid.authorizationCodeGrant(
      await this.configuration(),
      new URL(`${this.#redirectUri}?${query}`),
      { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true },
    );
    const { id_token: idToken } = response;
    const claims = response.claims();
    if (idToken === undefined || !claims) throw new Error('The issuer sent no ID token');
    return { ...this.accessOf(response), idToken, claims };
  }

  /**
   * After a lost response the same refresh token can be used again, so the old tokens are kept until the new ones arrive.
   * @throws openid.ResponseBodyError `invalid_grant` if the session at the issuer has ended
   */
  async refresh(tokens: Tokens & { readonly refreshToken: string }): Promise<Tokens> {
    const response = await openid.refreshTokenGrant(await this.configuration(), tokens.refreshToken);
    const { id_token: idToken = tokens.idToken } = response;
    const claims = response.claims() ?? tokens.claims;
    // OpenID Connect Core §12.2
    if (claims.sub !== tokens.claims.sub) throw new Error('The issuer refreshed the session of somebody else');
    const fresh = this.accessOf(response);
    // A server without rotation sends no refresh token.
    return { ...fresh, refreshToken: fresh.refreshToken ?? tokens.refreshToken, idToken, claims };
  }

  async userInfo({ accessToken, claims }: Tokens): Promise<openid.UserInfoResponse> {
    return openid.fetchUserInfo(await this.configuration(), accessToken, claims.sub);
  }

  /** @throws openid.WWWAuthenticateChallengeError if the resource server refuses the token */
  async callApi({ accessToken }: Tokens, url: string): Promise<unknown> {
    const configuration = await this.configuration();
    const response = await openid.fetchProtectedResource(configuration, accessToken, new URL(url), 'GET');
    return response.json();
  }

  async revoke(token: string): Promise<void> {
    await openid.tokenRevocation(await this.configuration(), token);
  }

  /** @returns the URL to send the user to; they come back when the issuer has signed them out */
  async signOutUrl(idToken: string): Promise<URL> {
    return openid.buildEndSessionUrl(await this.configuration(), {
      id_token_hint: idToken,
      post_logout_redirect_uri: this.#postLogoutRedirectUri,
    });
  }

  async jwksUri(): Promise<URL> {
    const { jwks_uri: uri } = (await this.configuration()).serverMetadata();
    if (uri === undefined) throw new Error('The issuer publishes no keys');
    return new URL(uri);
  }

  /** Discovered on first use, and again after a failure, because the issuer may start after its clients. */
  private configuration(): Promise<openid.Configuration> {
    this.#configuration ??= this.discover().catch((error: unknown) => {
      this.#configuration = undefined;
      throw error;
    });
    return this.#configuration;
  }

  private discover(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const authentication = openid.ClientSecretBasic(clientSecret);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out
    const execute = issuer.startsWith('http://') ? [openid.allowInsecureRequests] : []; // an issuer on this very machine
    return openid.discovery(new URL(issuer), clientId, undefined, authentication, { execute });
  }

  private accessOf(response: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers) {
    return {
      accessToken: response.access_token,
      accessTokenExpiresAt: this.now() + (response.expiresIn() ?? 0) * 1000,
      refreshToken: response.refresh_token,
      scope: response.scope,
    };
  }
}
