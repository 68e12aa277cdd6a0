/** Unmodified client libraries that know only the issuer URL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { clientAuthMethods, type ClientAuthMethod } from '../../src/clients/client-auth-method.js';
import { confidentialClient, publicClient, resourceServer, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { signAsServer, forgeryOf } from '../support/evil-tokens.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

const API = 'https://api.example';

/* eslint-disable @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out: on loopback there is no TLS */
const plainHttp = openid.allowInsecureRequests;
const insecure = { [oauth.allowInsecureRequests]: true };
/* eslint-enable @typescript-eslint/no-deprecated */

let app: TestApp;
/** The resource server of the access tokens, which introspects. */
let api: TestClient;

beforeAll(async () => {
  // The libraries use the system clock.
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()) });
  api = await resourceServer(app, API);
});
afterAll(async () => {
  expect(serverErrors(app)).toEqual([]);
  await app.close();
});

/** A client whose secret needs encoding, if it can be chosen. */
const clientFor = (method: ClientAuthMethod): Promise<TestClient> =>
  method === 'none'
    ? publicClient(app, { audience: [API] })
    : confidentialClient(
        app,
        { tokenEndpointAuthMethod: method, audience: [API] },
        { secret: 'a+b/c:d%e f&g=h é 0123456789' },
      );

describe.each(clientAuthMethods)('openid-client with %s', (method) => {
  let client: TestClient;
  let config: openid.Configuration;

  beforeAll(async () => {
    client = await clientFor(method);
    config = await discover(client);
  });

  it('[69] openid-client refreshes, and refreshes again with the new token', async () => {
    const { refreshToken } = await startFamily(app, client);
    const first = await openid.refreshTokenGrant(config, refreshToken);
    expect(first).toMatchObject({
      token_type: 'bearer',
      scope: 'a b c',
      expires_in: 600,
      refresh_token: expect.any(String),
    });
    const second = await openid.refreshTokenGrant(config, first.refresh_token!, { scope: 'a' });
    expect(second.scope).toBe('a');
    expect(second.refresh_token).not.toBe(first.refresh_token);
  });

  it('[127] openid-client gets its session back by repeating the request', async () => {
    const { refreshToken } = await startFamily(app, client);
    const lost = await openid.refreshTokenGrant(config, refreshToken);
    const again = await openid.refreshTokenGrant(config, refreshToken);
    expect(again.refresh_token).toBe(lost.refresh_token);
  });

  it('[148] openid-client revokes, and the error code says that the token is gone', async () => {
    const { refreshToken } = await startFamily(app, client);
    const tokens = await openid.refreshTokenGrant(config, refreshToken);
    await openid.tokenRevocation(config, tokens.refresh_token!);
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    });
    expect(await introspectAsApi(tokens.access_token)).toEqual({ active: false });
  });

  it('[149] openid-client revokes only an access token', async () => {
    const { refreshToken } = await startFamily(app, client);
    const tokens = await openid.refreshTokenGrant(config, refreshToken);
    await openid.tokenRevocation(config, tokens.access_token, { token_type_hint: 'access_token' });
    expect(await introspectAsApi(tokens.access_token)).toEqual({ active: false });
    expect((await openid.refreshTokenGrant(config, tokens.refresh_token!)).access_token).toEqual(expect.any(String));
  });

  if (method === 'none') {
    it('[74, 175] openid-client without a secret gets no token of its own, and may not introspect', async () => {
      await expect(openid.clientCredentialsGrant(config)).rejects.toMatchObject({ error: 'unauthorized_client' });
      await expect(openid.tokenIntrospection(config, 'guess')).rejects.toThrow(openid.WWWAuthenticateChallengeError);
    });
  } else {
    it('[73] openid-client gets a token by client_credentials, and introspects it', async () => {
      const tokens = await openid.clientCredentialsGrant(config, { scope: 'b' });
      expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'b' });
      expect(tokens).not.toHaveProperty('refresh_token');
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
        active: true,
        client_id: client.clientId,
        scope: 'b',
        aud: API,
        iss: app.issuer,
      });
    });
  }
});

function discover(client: TestClient): Promise<openid.Configuration> {
  const authentications: Record<ClientAuthMethod, () => openid.ClientAuth> = {
    client_secret_basic: () => openid.ClientSecretBasic(client.secret),
    client_secret_post: () => openid.ClientSecretPost(client.secret),
    none: () => openid.None(),
  };
  return openid.discovery(new URL(app.issuer), client.clientId, undefined, authentications[client.method](), {
    algorithm: 'oauth2',
    execute: [plainHttp],
  });
}

const introspectAsApi = async (token: string) => openid.tokenIntrospection(await discover(api), token);

describe.each(clientAuthMethods)('oauth4webapi with %s', (method) => {
  let client: TestClient;
  let server: oauth.AuthorizationServer;
  let caller: oauth.Client;
  let authentication: oauth.ClientAuth;

  beforeAll(async () => {
    client = await clientFor(method);
    server = await serverMetadata();
    caller = { client_id: client.clientId };
    authentication = authenticationOf(client);
  });

  const refresh = async (refreshToken: string) =>
    oauth.processRefreshTokenResponse(
      server,
      caller,
      await oauth.refreshTokenGrantRequest(server, caller, authentication, refreshToken, insecure),
    );

  it('[69] oauth4webapi refreshes, and the access token follows RFC 9068', async () => {
    const { refreshToken, subject, familyId } = await startFamily(app, client);
    const tokens = await refresh(refreshToken);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'a b c' });
    const claims = await oauth.validateJwtAccessToken(server, requestWith(tokens.access_token), API, insecure);
    expect(claims).toMatchObject({ sub: subject, client_id: client.clientId, scope: 'a b c', family_id: familyId });
  });

  it('[148, 153] oauth4webapi revokes, and revokes again', async () => {
    const { refreshToken } = await startFamily(app, client);
    for (let time = 0; time < 2; time++) {
      await oauth.processRevocationResponse(
        await oauth.revocationRequest(server, caller, authentication, refreshToken, insecure),
      );
    }
    await expect(refresh(refreshToken)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
  });

  it('[161] oauth4webapi gets an error when it revokes the token of another client', async () => {
    const { refreshToken } = await startFamily(app, await confidentialClient(app));
    const response = await oauth.revocationRequest(server, caller, authentication, refreshToken, insecure);
    await expect(oauth.processRevocationResponse(response)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  if (method !== 'none') {
    it('[73, 220] oauth4webapi gets its own token, and introspects it', async () => {
      const response = await oauth.clientCredentialsGrantRequest(
        server,
        caller,
        authentication,
        { scope: 'a' },
        insecure,
      );
      const tokens = await oauth.processClientCredentialsResponse(server, caller, response);
      const introspection = await oauth.introspectionRequest(
        server,
        caller,
        authentication,
        tokens.access_token,
        insecure,
      );
      expect(await oauth.processIntrospectionResponse(server, caller, introspection)).toMatchObject({
        active: true,
        sub: `client:${client.clientId}`,
        scope: 'a',
      });
    });
  }
});

async function serverMetadata(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(app.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

function authenticationOf({ method, secret }: TestClient): oauth.ClientAuth {
  const authentications: Record<ClientAuthMethod, () => oauth.ClientAuth> = {
    client_secret_basic: () => oauth.ClientSecretBasic(secret!),
    client_secret_post: () => oauth.ClientSecretPost(secret!),
    none: () => oauth.None(),
  };
  return authentications[method]();
}

const requestWith = (accessToken: string): Request =>
  new Request(`${API}/things`, { headers: { authorization: `Bearer ${accessToken}` } });

describe('a resource server', () => {
  let server: oauth.AuthorizationServer;
  let accessToken: string;

  beforeAll(async () => {
    server = await serverMetadata();
  });
  beforeEach(async () => {
    const client = await clientFor('client_secret_basic');
    accessToken = (await openid.clientCredentialsGrant(await discover(client))).access_token;
  });

  const validate = (token: string, audience = API) =>
    oauth.validateJwtAccessToken(server, requestWith(token), audience, { ...insecure, signingAlgorithms: ['ES256'] });

  it('[204, 211, 222] a resource server verifies with jose, from jwks_uri alone', async () => {
    const keys = createRemoteJWKSet(new URL(server.jwks_uri!));
    const { payload } = await jwtVerify(accessToken, keys, { issuer: server.issuer, audience: API, typ: 'at+jwt' });
    expect(payload).toMatchObject({ iss: app.issuer, aud: API });
  });

  it('[222] a resource server accepts a token for itself, and none for another', async () => {
    expect(await validate(accessToken)).toMatchObject({ aud: API });
    await expect(validate(accessToken, 'https://other.example')).rejects.toMatchObject({
      code: oauth.JWT_CLAIM_COMPARISON,
    });
  });

  const faults: [name: string, claims: Record<string, unknown>, header: Record<string, unknown>][] = [
    ['an ID token', {}, { typ: 'JWT' }],
    ['a token of another issuer', { iss: 'https://elsewhere.example' }, {}],
    ['a token that has expired', { exp: 1 }, {}],
    ['a token of an unknown key', {}, { kid: 'unknown' }],
  ];

  it.each(faults)('[222] a resource server refuses %s', async (_name, claims, header) => {
    await expect(validate(await signAsServer(forgeryOf(app, accessToken), claims, header))).rejects.toThrow();
    expect(await validate(accessToken)).toMatchObject({ aud: API });
  });

  it('[222] a resource server refuses an opaque token, and learns about it by introspection', async () => {
    const client = await confidentialClient(app, { accessTokenFormat: 'opaque', audience: [API] });
    const { access_token } = await openid.clientCredentialsGrant(await discover(client));
    await expect(validate(access_token)).rejects.toThrow();
    expect(await introspectAsApi(access_token)).toMatchObject({ active: true, aud: API, client_id: client.clientId });
  });
});
