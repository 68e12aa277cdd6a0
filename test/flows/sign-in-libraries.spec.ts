/**
 * openid-client, with only the issuer URL, signs users in and refreshes. It verifies state, nonce, issuer (RFC 9207), the ID token
 * with its signature, and auth_time. A `Visitor` plays the user.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { type ClientAuthMethod, clientAuthMethods } from '../../src/clients/client-auth-method.js';
import type { ClientRegistration } from '../../src/clients/client-registration.js';
import { resourceServer, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { relyingParties } from '../support/relying-parties.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { aUser, browserClient, isSignIn, REDIRECT_URI, webClient, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { sendUser } from '../support/user-agent.js';
import { Visitor } from '../support/visitor.js';

const API = 'https://api.example';
const SIGNED_OUT = 'https://client.test/signed-out';

/* eslint-disable @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out: on loopback there is no TLS */
const plainHttp = openid.allowInsecureRequests;
const insecure = { [oauth.allowInsecureRequests]: true };
/* eslint-enable @typescript-eslint/no-deprecated */

let app: TestApp;
/** The resource server of the access tokens, which introspects. */
let api: openid.Configuration;
let anna: TestUser;

beforeAll(async () => {
  // The library uses the system clock.
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()) });
  api = await discover(await resourceServer(app, API));
  anna = await aUser(app, { name: 'Anna Bauer', email: 'anna@example.org', email_verified: true });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

relyingParties(() => app);

type Checks = openid.AuthorizationCodeGrantChecks;

interface Party {
  readonly client: TestClient;
  readonly config: openid.Configuration;
}

async function register(overrides: Partial<ClientRegistration> = {}): Promise<Party> {
  const make = overrides.tokenEndpointAuthMethod === 'none' ? browserClient : webClient;
  const client = await make(app, { audience: [API], postLogoutRedirectUris: [SIGNED_OUT], ...overrides });
  const { idTokenSignedResponseAlg: algorithm } = overrides;
  const config = await discover(client, algorithm ? { id_token_signed_response_alg: algorithm } : {});
  return { client, config };
}

const authentications: Record<ClientAuthMethod, (secret?: string) => openid.ClientAuth> = {
  client_secret_basic: openid.ClientSecretBasic,
  client_secret_post: openid.ClientSecretPost,
  none: openid.None,
};

/** Also verifies the signature of the ID token, although it came directly from the token endpoint. */
const discover = (
  { clientId, secret, method }: TestClient,
  metadata: Partial<openid.ClientMetadata> = {},
): Promise<openid.Configuration> =>
  openid.discovery(new URL(app.issuer), clientId, metadata, authentications[method](secret), {
    execute: [plainHttp, openid.enableNonRepudiationChecks],
  });

/** One authorization request, and the state that the library keeps for it. */
async function ask(config: openid.Configuration, parameters: Record<string, string> = {}) {
  const [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid offline_access read',
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return { url, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } satisfies Checks };
}

/** The whole sign-in, until the tokens. */
async function signIn(
  { config }: Party,
  { visitor = new Visitor(app), user = anna, parameters = {}, checks = {} }: SignInOptions = {},
) {
  const asked = await ask(config, parameters);
  const answer = await sendUser(visitor, asked.url, user);
  const tokens = await openid.authorizationCodeGrant(config, answer, { ...asked.checks, ...checks });
  return { tokens, claims: tokens.claims()!, visitor };
}

interface SignInOptions {
  readonly visitor?: Visitor;
  readonly user?: TestUser;
  readonly parameters?: Record<string, string>;
  readonly checks?: Checks;
}

const causeOf = (error: unknown): string => String((error as Error).cause);

const kinds: readonly Pick<
  ClientRegistration,
  'tokenEndpointAuthMethod' | 'idTokenSignedResponseAlg' | 'accessTokenFormat'
>[] = [
  { tokenEndpointAuthMethod: 'client_secret_basic', idTokenSignedResponseAlg: 'RS256', accessTokenFormat: 'jwt' },
  { tokenEndpointAuthMethod: 'client_secret_basic', idTokenSignedResponseAlg: 'ES256', accessTokenFormat: 'opaque' },
  { tokenEndpointAuthMethod: 'client_secret_post', idTokenSignedResponseAlg: 'ES256', accessTokenFormat: 'jwt' },
  { tokenEndpointAuthMethod: 'client_secret_post', idTokenSignedResponseAlg: 'RS256', accessTokenFormat: 'opaque' },
  { tokenEndpointAuthMethod: 'none', idTokenSignedResponseAlg: 'ES256', accessTokenFormat: 'jwt' },
  { tokenEndpointAuthMethod: 'none', idTokenSignedResponseAlg: 'RS256', accessTokenFormat: 'opaque' },
];

describe.each(kinds)(
  'openid-client with $tokenEndpointAuthMethod, $idTokenSignedResponseAlg and $accessTokenFormat tokens',
  (kind) => {
    let party: Party;
    let first: Awaited<ReturnType<typeof signIn>>;

    beforeAll(async () => {
      party = await register(kind);
      first = await signIn(party, { parameters: { scope: 'openid profile email offline_access read' } });
    });

    it('openid-client signs a user in and gets their identity', () => {
      expect(first.tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, refresh_token: expect.any(String) });
      expect(first.tokens.scope).toBe('openid profile email offline_access read');
      expect(first.claims).toMatchObject({ iss: app.issuer, sub: anna.subject, aud: party.client.clientId });
      expect(decodeProtectedHeader(first.tokens.id_token!).alg).toBe(kind.idTokenSignedResponseAlg);
    });

    it('[276, 277, 278, 279, 280] openid-client refreshes, and the new ID token is of the same sign-in, without a nonce', async () => {
      const { tokens } = await signIn(party);
      const { iss, sub, aud, auth_time, azp, nonce, sid, acr, amr } = tokens.claims()!;
      app.clock.advanceSeconds(1);
      const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token!);
      expect(next.claims()).toMatchObject({ iss, sub, aud, auth_time, sid, acr, amr });
      expect(next.claims()!.iat).toBe(Math.floor(app.clock.now() / 1000));
      expect(next.claims()!.azp).toBe(azp);
      expect([typeof nonce, next.claims()!.nonce]).toEqual(['string', undefined]);
      expect(next.refresh_token).not.toBe(tokens.refresh_token);
      const after = await openid.refreshTokenGrant(party.config, next.refresh_token!);
      expect(after.claims()).toMatchObject({ sub, auth_time });
    });

    it('[281] openid-client refreshes with its registered authentication method, and a strict client with no other', async () => {
      const strict = await register({ ...kind, strict: true });
      const { tokens } = await signIn(strict);
      const others = Object.keys(authentications).filter((method) => method !== strict.client.method);
      for (const method of others as ClientAuthMethod[]) {
        const config = await discover({ ...strict.client, secret: strict.client.secret ?? 'a secret', method });
        await expect(openid.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject({ status: 401 });
      }
      const next = await openid.refreshTokenGrant(strict.config, tokens.refresh_token!);
      expect(next.claims()).toMatchObject({ sub: anna.subject });
    });

    it('openid-client calls userinfo with either kind of access token', async () => {
      const { tokens, claims } = await signIn(party, { parameters: { scope: 'openid email offline_access' } });
      const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token!);
      for (const { access_token } of [tokens, next]) {
        const userinfo = await openid.fetchUserInfo(party.config, access_token, claims.sub);
        expect(userinfo).toEqual({ sub: anna.subject, email: 'anna@example.org', email_verified: true });
      }
      const byPost = await openid.fetchProtectedResource(
        party.config,
        next.access_token,
        new URL(party.config.serverMetadata().userinfo_endpoint!),
        'POST',
      );
      expect(await byPost.json()).toMatchObject({ sub: anna.subject, email: 'anna@example.org' });
    });

    it('the API learns from the access token who the user is, and when they signed in', async () => {
      const { tokens, claims } = await signIn(party);
      expect(await openid.tokenIntrospection(api, tokens.access_token)).toMatchObject({
        active: true,
        sub: anna.subject,
        client_id: party.client.clientId,
        aud: [API, app.issuer],
        scope: 'openid offline_access read',
        auth_time: claims.auth_time,
      });
      if (kind.accessTokenFormat === 'opaque') return;
      const request = new Request(`${API}/x`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
      const metadata = party.config.serverMetadata();
      const verified = await oauth.validateJwtAccessToken(metadata, request, API, insecure);
      expect(verified).toMatchObject({ sub: anna.subject, client_id: party.client.clientId });
    });

    it('openid-client revokes its tokens, and then has none', async () => {
      const { tokens } = await signIn(party);
      await openid.tokenRevocation(party.config, tokens.refresh_token!);
      await expect(openid.refreshTokenGrant(party.config, tokens.refresh_token!)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      expect(await openid.tokenIntrospection(api, tokens.access_token)).toEqual({ active: false });
      await expect(openid.fetchUserInfo(party.config, tokens.access_token, anna.subject)).rejects.toThrow(
        openid.WWWAuthenticateChallengeError,
      );
    });

    it('[253] openid-client gets invalid_grant for a code that was redeemed before', async () => {
      const asked = await ask(party.config);
      const answer = await sendUser(new Visitor(app), asked.url, anna);
      const { access_token } = await openid.authorizationCodeGrant(party.config, answer, asked.checks);
      await expect(openid.authorizationCodeGrant(party.config, answer, asked.checks)).rejects.toMatchObject({
        error: 'invalid_grant',
        status: 400,
      });
      expect(await openid.tokenIntrospection(api, access_token)).toEqual({ active: false });
    });
  },
);

describe('openid-client', () => {
  let party: Party;
  beforeAll(async () => {
    party = await register();
  });

  /** The library's error for an error response. */
  const refusal = async (visitor: Visitor, parameters: Record<string, string>) => {
    const asked = await ask(party.config, parameters);
    const { url, left } = await visitor.get(asked.url.href);
    expect(left).toBe(true);
    return openid.authorizationCodeGrant(party.config, url, asked.checks).catch((error: unknown) => error);
  };

  it('openid-client accepts the response as a form', async () => {
    const { claims } = await signIn(party, { parameters: { response_mode: 'form_post' } });
    expect(claims.sub).toBe(anna.subject);
  });

  it('[282] openid-client gets no refresh token without offline_access', async () => {
    const { tokens, claims } = await signIn(party, { parameters: { scope: 'openid read' } });
    expect([tokens.refresh_token, tokens.scope, claims.sub]).toEqual([undefined, 'openid read', anna.subject]);
  });

  it('[265] openid-client learns that the user refused, and from which issuer', async () => {
    const visitor = new Visitor(app);
    const asked = await ask(party.config, { prompt: 'consent' });
    const question = await visitor.get(asked.url.href);
    const consent = await visitor.submit(question, { username: anna.username, password: anna.password });
    const { url } = await visitor.submit(consent, { decision: 'deny' });
    expect(url.searchParams.get('iss')).toBe(app.issuer);
    await expect(openid.authorizationCodeGrant(party.config, url, asked.checks)).rejects.toMatchObject({
      code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
      error: 'access_denied',
    });
  });

  it('[265] openid-client refuses a response that another server could have sent', async () => {
    const asked = await ask(party.config);
    const answer = (await sendUser(new Visitor(app), asked.url, anna)) as URL;
    answer.searchParams.set('iss', 'https://elsewhere.example');
    const refused = await openid.authorizationCodeGrant(party.config, answer, asked.checks).catch(causeOf);
    expect(refused).toMatch(/"iss" \(issuer\)/);
  });

  it('openid-client signs a signed-in user in silently, and learns when nobody is signed in', async () => {
    const { visitor, claims } = await signIn(party);
    const silent = await signIn(party, { visitor, parameters: { prompt: 'none' } });
    expect(silent.claims).toMatchObject({ sub: claims.sub, sid: claims['sid'], auth_time: claims.auth_time });
    expect(await refusal(new Visitor(app), { prompt: 'none' })).toMatchObject({ error: 'login_required' });
    expect(await refusal(visitor, { prompt: 'none', scope: 'openid write' })).toMatchObject({
      error: 'consent_required',
    });
  });

  it('openid-client names the expected user with an ID token, and gets no other', async () => {
    const { visitor, tokens } = await signIn(party);
    const hint = { prompt: 'none', id_token_hint: tokens.id_token! };
    expect((await signIn(party, { visitor, parameters: hint })).claims.sub).toBe(anna.subject);
    const other = await signIn(party, { user: await aUser(app) });
    expect(await refusal(other.visitor, hint)).toMatchObject({ error: 'login_required' });
  });

  it('openid-client requests claims by name', async () => {
    const claims = JSON.stringify({ id_token: { email: { essential: true } }, userinfo: { name: null } });
    const { tokens, claims: token } = await signIn(party, { parameters: { claims, scope: 'openid' } });
    expect(token['email']).toBe('anna@example.org');
    expect(await openid.fetchUserInfo(party.config, tokens.access_token, anna.subject)).toEqual({
      sub: anna.subject,
      name: 'Anna Bauer',
    });
  });

  it('openid-client signs the user out with the ID token, which ends families that are not offline', async () => {
    const { visitor, tokens } = await signIn(party);
    const online = await signIn(party, { visitor, parameters: { scope: 'openid read' } });
    const state = openid.randomState();
    const url = openid.buildEndSessionUrl(party.config, {
      id_token_hint: online.tokens.id_token!,
      post_logout_redirect_uri: SIGNED_OUT,
      state,
    });
    const { url: end } = await visitor.get(url.href);
    expect(end.href).toBe(`${SIGNED_OUT}?state=${state}`);
    expect(await refusal(visitor, { prompt: 'none' })).toMatchObject({ error: 'login_required' });
    expect(await openid.tokenIntrospection(api, online.tokens.access_token)).toEqual({ active: false });
    const next = await openid.refreshTokenGrant(party.config, tokens.refresh_token!);
    expect(await openid.tokenIntrospection(api, next.access_token)).toMatchObject({ active: true });
  });
});

describe('a back-channel logout endpoint', () => {
  let receiver: LogoutReceiver;
  beforeEach(async () => {
    receiver = await LogoutReceiver.start();
  });
  afterEach(() => receiver.stop());

  /** OpenID Connect Back-Channel Logout §2.6. @throws errors of jose */
  async function validate(logoutToken: string, { config, client }: Party) {
    const { issuer, jwks_uri } = config.serverMetadata();
    const { payload } = await jwtVerify(logoutToken, createRemoteJWKSet(new URL(jwks_uri!)), {
      issuer,
      audience: client.clientId,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'sub', 'sid', 'events'],
      algorithms: [decodeProtectedHeader(logoutToken).alg!],
      currentDate: new Date(app.clock.now()),
    });
    if ('nonce' in payload) throw new Error('It could be taken for an ID token');
    return payload;
  }

  it.each(['RS256', 'ES256'] as const)(
    'a back-channel logout endpoint gets a valid logout token, signed with %s',
    async (algorithm) => {
      const registration = { idTokenSignedResponseAlg: algorithm, backchannelLogoutUri: receiver.uri };
      const [party, other] = [await register(registration), await register()];
      const { visitor, tokens, claims } = await signIn(party);
      await visitor.get(openid.buildEndSessionUrl(party.config, { id_token_hint: tokens.id_token! }).href);
      await receiver.hasReceived(1);
      expect(receiver.received[0]).toMatchObject({ method: 'POST', contentType: 'application/x-www-form-urlencoded' });
      const [logoutToken] = receiver.tokens as [string];
      expect(decodeProtectedHeader(logoutToken).alg).toBe(algorithm);
      expect(await validate(logoutToken, party)).toMatchObject({
        sub: claims.sub,
        sid: claims['sid'],
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      });
      await expect(validate(logoutToken, other)).rejects.toThrow('"aud"');
      await expect(validate(tokens.id_token!, party)).rejects.toThrow('"typ"');
    },
  );
});

// Last, because it moves the clock.
it('openid-client asks for a fresh sign-in by max_age, and verifies it', async () => {
  const party = await register();
  const { visitor, claims } = await signIn(party);
  app.clock.advanceSeconds(120);
  const config = await discover(party.client, { [openid.clockSkew]: 120 });
  const late = { client: party.client, config };
  await expect(signIn(late, { visitor, checks: { maxAge: 60 } })).rejects.toThrow();
  const asked = await ask(config, { max_age: '60' });
  expect(isSignIn(await visitor.get(asked.url.href))).toBe(true);
  const fresh = await signIn(late, { visitor, parameters: { max_age: '60' }, checks: { maxAge: 60 } });
  expect(fresh.claims.auth_time! - claims.auth_time!).toBe(120);
  expect(fresh.claims['sid']).toBe(claims['sid']);
  expect(decodeJwt(fresh.tokens.access_token)).toMatchObject({ auth_time: fresh.claims.auth_time });
});

/**
 * oauth4webapi, with only the issuer URL: creates and verifies each message of a sign-in by the specifications. A `Visitor` plays
 * the user.
 */
describe('oauth4webapi', () => {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out: on loopback there is no TLS
  const insecure = { [oauth.allowInsecureRequests]: true };

  let server: oauth.AuthorizationServer;
  let anna: TestUser;

  beforeAll(async () => {
    const issuer = new URL(app.issuer);
    server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    anna = await aUser(app, { email: 'anna@example.org' });
  });

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
});
