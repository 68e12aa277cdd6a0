/**
 * oauth4webapi, with only the issuer URL: creates and verifies each message of a sign-in by the specifications. A `Visitor` plays
 * the user.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { clientAuthMethods, type ClientAuthMethod } from '../../src/clients/client-auth-method.js';
import type { TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { aUser, browserClient, REDIRECT_URI, webClient, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { sendUser } from '../support/user-agent.js';
import { Visitor } from '../support/visitor.js';

// eslint-disable-next-line @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out: on loopback there is no TLS
const insecure = { [oauth.allowInsecureRequests]: true };

let app: TestApp;
let server: oauth.AuthorizationServer;
let anna: TestUser;

beforeAll(async () => {
  // The library uses the system clock.
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()) });
  const issuer = new URL(app.issuer);
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  anna = await aUser(app, { email: 'anna@example.org' });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const authentications: Record<ClientAuthMethod, (secret: string) => oauth.ClientAuth> = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
  none: oauth.None,
};

/** A client application with one authentication method. */
class Application {
  private readonly self: oauth.Client;
  private readonly authentication: oauth.ClientAuth;

  constructor({ clientId, secret, method }: TestClient, algorithm: 'RS256' | 'ES256') {
    this.self = { client_id: clientId, id_token_signed_response_alg: algorithm };
    this.authentication = authentications[method](secret ?? '');
  }

  /** @returns the token response after all checks, including the signature */
  async signIn(visitor: Visitor, parameters: Record<string, string> = {}): Promise<oauth.TokenEndpointResponse> {
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
    const nonce = oauth.generateRandomNonce();
    const url = new URL(server.authorization_endpoint!);
    url.search = new URLSearchParams({
      client_id: this.self.client_id,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid email offline_access read',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...parameters,
    }).toString();
    const answer = oauth.validateAuthResponse(server, this.self, await arrived(visitor, url), state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      this.self,
      this.authentication,
      answer,
      REDIRECT_URI,
      verifier,
      insecure,
    );
    const checks = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, this.self, response, checks);
    await oauth.validateApplicationLevelSignature(server, response, insecure);
    return tokens;
  }

  async refresh(refreshToken: string, scope?: string): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.refreshTokenGrantRequest(server, this.self, this.authentication, refreshToken, {
      ...insecure,
      ...(scope !== undefined && { additionalParameters: { scope } }),
    });
    const tokens = await oauth.processRefreshTokenResponse(server, this.self, response);
    if (tokens.id_token) await oauth.validateApplicationLevelSignature(server, response, insecure);
    return tokens;
  }

  async userinfo(accessToken: string, subject: string): Promise<oauth.UserInfoResponse> {
    const response = await oauth.userInfoRequest(server, this.self, accessToken, insecure);
    return oauth.processUserInfoResponse(server, this.self, subject, response);
  }

  async introspect(token: string): Promise<oauth.IntrospectionResponse> {
    const response = await oauth.introspectionRequest(server, this.self, this.authentication, token, insecure);
    return oauth.processIntrospectionResponse(server, this.self, response);
  }

  async revoke(token: string): Promise<void> {
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, this.self, this.authentication, token, insecure),
    );
  }
}

/** The response parameters from the URL or the form. */
async function arrived(visitor: Visitor, url: URL): Promise<URLSearchParams> {
  const answer = await sendUser(visitor, url, anna);
  return answer instanceof URL ? answer.searchParams : new URLSearchParams(await answer.text());
}

const idTokenOf = (tokens: oauth.TokenEndpointResponse) => oauth.getValidatedIdTokenClaims(tokens)!;

describe.each(
  clientAuthMethods.flatMap((method) => (['RS256', 'ES256'] as const).map((alg) => [method, alg] as const)),
)('oauth4webapi with %s and %s', (method, algorithm) => {
  let client: TestClient;
  let application: Application;

  beforeAll(async () => {
    const make = method === 'none' ? browserClient : webClient;
    client = await make(app, { tokenEndpointAuthMethod: method, idTokenSignedResponseAlg: algorithm });
    application = new Application(client, algorithm);
  });

  it.each(['query', 'form_post'])(
    'oauth4webapi signs a user in, with the response by %s, and calls userinfo',
    async (mode) => {
      const tokens = await application.signIn(new Visitor(app), { response_mode: mode });
      expect(idTokenOf(tokens)).toMatchObject({ sub: anna.subject, aud: client.clientId, amr: ['pwd'] });
      expect(await application.userinfo(tokens.access_token, anna.subject)).toEqual({
        sub: anna.subject,
        email: 'anna@example.org',
      });
    },
  );

  it('[276, 278, 279, 280] oauth4webapi refreshes: the same user, sign-in and client, and no nonce', async () => {
    const first = await application.signIn(new Visitor(app));
    app.clock.advanceSeconds(1);
    const next = await application.refresh(first.refresh_token!);
    const { iss, sub, aud, auth_time, azp, sid } = idTokenOf(first);
    expect(idTokenOf(next)).toMatchObject({ iss, sub, aud, auth_time, sid });
    expect([azp, idTokenOf(next).azp]).toEqual([undefined, undefined]);
    expect(idTokenOf(next)).not.toHaveProperty('nonce');
    expect(await application.userinfo(next.access_token, sub)).toMatchObject({ sub });
    const narrow = await application.refresh(next.refresh_token!, 'read');
    expect([narrow.scope, narrow.id_token]).toEqual(['read', undefined]);
  });

  it('oauth4webapi revokes the refresh token, which revokes the access token at once', async () => {
    const tokens = await application.signIn(new Visitor(app));
    await application.revoke(tokens.refresh_token!);
    await expect(application.refresh(tokens.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(application.userinfo(tokens.access_token, anna.subject)).rejects.toThrow(
      oauth.WWWAuthenticateChallengeError,
    );
  });

  if (method !== 'none') {
    it('oauth4webapi introspects its own tokens', async () => {
      const tokens = await application.signIn(new Visitor(app));
      for (const token of [tokens.access_token, tokens.refresh_token!]) {
        expect(await application.introspect(token)).toMatchObject({
          active: true,
          sub: anna.subject,
          client_id: client.clientId,
        });
      }
      expect(await application.introspect(tokens.id_token!)).toEqual({ active: false });
    });
  }
});
