/** What a client discovers, and that it is true: the metadata of both specifications, and the keys. */
import { afterAll, afterEach, beforeAll, expect, describe, it, jest } from '@jest/globals';
import { serverErrors, expectError } from '../support/expectations.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import * as jose from 'jose';
import type { JSONWebKeySet } from 'jose';
import { clientAuthMethods, type ClientAuthMethod } from '../../src/clients/client-auth-method.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { exchangeBytes } from '../support/raw-http.js';
import { introspect, postAs, postForm, send, type Answer } from '../support/requests.js';
import { startSession } from '../support/sessions.js';
import { Authorization, authorize, aUser, webClient, signInAndExchange, type TestUser } from '../support/sign-in.js';
import * as openid from 'openid-client';
import { signingAlgorithms, type SigningAlgorithm } from '../../src/keys/signing-algorithm.js';

let app: TestApp;

beforeAll(async () => {
  app = await startAppAtIssuer();
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** The server metadata and the JWKS, and that they are true (RFC 8414, RFC 7517). */
describe('the server metadata (RFC 8414)', () => {
  const WELL_KNOWN = '/.well-known/oauth-authorization-server';

  let document: Answer;
  let metadata: Record<string, string | string[]>;

  beforeAll(async () => {
    document = await send(`${app.url}${WELL_KNOWN}`);
    metadata = document.body;
  });

  const endpointOf = (name: string): string => String(metadata[`${name}_endpoint`]);

  /** A client for each way to authenticate. */
  const clientFor = (method: ClientAuthMethod): Promise<TestClient> =>
    method === 'none' ? publicClient(app) : confidentialClient(app, { tokenEndpointAuthMethod: method });

  describe('the document', () => {
    it('[201] the metadata is JSON at the well-known URL', () => {
      expect(document.status).toBe(200);
      expect(document.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
    });

    it('[201] the metadata lists what is enabled and nothing else', () => {
      const { issuer } = app;
      expect(document.body).toEqual({
        issuer,
        token_endpoint: `${issuer}/token`,
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
        revocation_endpoint: `${issuer}/revoke`,
        revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
        introspection_endpoint: `${issuer}/introspect`,
        introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        jwks_uri: `${issuer}/jwks`,
        grant_types_supported: ['refresh_token', 'authorization_code', 'client_credentials'],
        authorization_endpoint: `${issuer}/authorize`,
        response_types_supported: ['code'],
        response_modes_supported: ['query', 'form_post'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'groups', 'roles', 'offline_access'],
        prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
        display_values_supported: ['page'],
        ui_locales_supported: ['en', 'zh-Hant'],
        claims_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        userinfo_endpoint: `${issuer}/userinfo`,
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256', 'RS256'],
        acr_values_supported: ['urn:rekey:password'],
        claim_types_supported: ['normal'],
        claims_supported: expect.arrayContaining([
          'sub',
          'auth_time',
          'acr',
          'name',
          'email_verified',
          'phone_number',
          'groups',
          'roles',
        ]),
        end_session_endpoint: `${issuer}/end-session`,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
      });
    });

    it('[203] the metadata’s issuer is the configured one, and equals the iss of every token, byte for byte', async () => {
      const client = await confidentialClient(app);
      const { accessToken } = await startSession(app, client);
      const payload = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as { iss: string };
      const { body } = await introspect(app, client, accessToken);
      expect([metadata['issuer'], payload.iss, body.iss]).toEqual([app.issuer, app.issuer, app.issuer]);
      expect(new URL(app.issuer)).toMatchObject({ search: '', hash: '', username: '' });
    });

    it('[27, 204] every URL in the metadata answers, and has no fragment', async () => {
      const urls = Object.entries(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name));
      // An empty request gets an error, or at the logout endpoint a page.
      const statuses: Record<string, number> = {
        authorization_endpoint: 400,
        end_session_endpoint: 200,
        introspection_endpoint: 401,
        jwks_uri: 200,
        revocation_endpoint: 401,
        token_endpoint: 401,
        userinfo_endpoint: 401,
      };
      expect(urls.map(([name]) => name).sort()).toEqual(Object.keys(statuses));
      const asked = ['authorization_endpoint', 'end_session_endpoint', 'jwks_uri'];
      for (const [name, url] of urls as [string, string][]) {
        expect(url).not.toContain('#');
        const answer = asked.includes(name) ? await send(url) : await postForm(url, '');
        expect([name, answer.status]).toEqual([name, statuses[name]]);
      }
    });

    it('[206] the metadata lists the authentication methods of every endpoint', () => {
      for (const endpoint of ['token', 'revocation', 'introspection']) {
        expect(metadata[`${endpoint}_endpoint_auth_methods_supported`]).toContain('client_secret_basic');
      }
    });

    it('[207] the metadata does not list the algorithm none', () => {
      const lists = Object.entries(metadata).filter(([name]) => name.endsWith('_alg_values_supported'));
      for (const [, algorithms] of lists) expect(algorithms).not.toContain('none');
      expect(document.text).not.toMatch(/"alg[^"]*":"none"/);
    });

    it('[208] the metadata has no empty list', () => {
      const empty = Object.entries(metadata).filter(([, value]) => Array.isArray(value) && value.length === 0);
      expect(empty).toEqual([]);
      expect(Object.values(metadata)).not.toContain(null);
    });

    it.each([
      ['Host', 'Host: evil.example'],
      ['X-Forwarded-Host', 'Host: rekey.test\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https'],
      ['Forwarded', 'Host: rekey.test\r\nForwarded: host=evil.example;proto=https'],
    ])('[209] the metadata is not changed by %s', async (_name, headers) => {
      for (const path of [WELL_KNOWN, '/jwks']) {
        const { text } = await send(`${app.url}${path}`);
        const spoofed = await exchangeBytes(app.url, `GET ${path} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`);
        expect(spoofed).toMatchObject({ status: 200, text });
      }
    });

    it.each(['POST', 'PUT', 'DELETE', 'PATCH'])(
      '[201] the metadata is read-only: %s is not allowed',
      async (method) => {
        const answer = await send(`${app.url}${WELL_KNOWN}`, { method });
        expectError(answer, 405, 'method_not_allowed');
        expect(answer.headers.get('allow')).toBe('GET');
      },
    );

    it('[213, 215] the metadata may be cached for a stated time and read by scripts of any origin', async () => {
      const { headers } = await send(`${app.url}${WELL_KNOWN}`, { headers: { origin: 'https://spa.example' } });
      expect(headers.get('cache-control')).toBe('public, max-age=300');
      expect(headers.get('pragma')).toBeNull();
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    });
  });

  describe('the ways to authenticate', () => {
    const fields: Record<string, (client: TestClient) => Promise<Record<string, string>>> = {
      token: async (client) => ({
        grant_type: 'refresh_token',
        refresh_token: (await startFamily(app, client)).refreshToken,
      }),
      revocation: async (client) => ({ token: (await startFamily(app, client)).refreshToken }),
      introspection: async (client) => ({ token: (await startFamily(app, client)).refreshToken }),
    };

    it.each(Object.keys(fields))(
      '[205] at the %s endpoint exactly the listed authentication methods work',
      async (endpoint) => {
        const listed = metadata[`${endpoint}_endpoint_auth_methods_supported`] as string[];
        for (const method of clientAuthMethods) {
          const client = await clientFor(method);
          const answer = await postAs(client, endpointOf(endpoint), await fields[endpoint]!(client));
          expect([method, answer.status]).toEqual([method, listed.includes(method) ? 200 : 401]);
        }
      },
    );

    it.each(Object.keys(fields))(
      '[205] at the %s endpoint an assertion is refused, because it is not listed',
      async (endpoint) => {
        expect(metadata[`${endpoint}_endpoint_auth_methods_supported`]).not.toContain('private_key_jwt');
        const client = await confidentialClient(app);
        const assertion = {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: 'e30.e30.x',
        };
        const answer = await postForm(endpointOf(endpoint), {
          ...(await fields[endpoint]!(client)),
          client_id: client.clientId,
          ...assertion,
        });
        expectError(answer, 401, 'invalid_client');
      },
    );
  });

  describe('the grant types', () => {
    const known = [
      'refresh_token',
      'client_credentials',
      'authorization_code',
      'implicit',
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:openid:params:grant-type:ciba',
    ];

    it.each(known)('[210] %s is listed exactly if it works', async (grantType) => {
      const client = await webClient(app, {
        grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
        scopes: ['a', 'b', 'c'],
      });
      const authorization = new Authorization(client, { scope: 'a' });
      const code = (await authorize(app, await aUser(app), authorization)).get('code')!;
      const { refreshToken } = await startFamily(app, client);
      const answer = await authorization.exchange(app, client, code, {
        grant_type: grantType,
        refresh_token: refreshToken,
      });
      const isListed = metadata['grant_types_supported']!.includes(grantType);
      expect([answer.status, answer.body.error]).toEqual(isListed ? [200, undefined] : [400, 'unsupported_grant_type']);
    });

    it('[210] no other grant type is listed', () => {
      expect((metadata['grant_types_supported'] as string[]).filter((type) => !known.includes(type))).toEqual([]);
    });
  });

  describe('the keys', () => {
    let answer: Answer;
    let keys: JSONWebKeySet['keys'];

    beforeAll(async () => {
      answer = await send(String(metadata['jwks_uri']), { headers: { origin: 'https://spa.example' } });
      keys = (answer.body as JSONWebKeySet).keys;
    });

    it('[211] published keys have kid, kty, use and alg, and no private member', () => {
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) {
        expect(key).toMatchObject({ use: 'sig', kid: expect.any(String) });
      }
      const members = Object.fromEntries(keys.map((key) => [key.alg, Object.keys(key).sort()]));
      expect(members).toEqual({
        ES256: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
        RS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      });
    });

    it('[213, 215] published keys may be cached for a stated time and read by scripts of any origin', () => {
      expect(answer.headers.get('content-type')).toMatch(/^application\/jwk-set\+json(;|$)/);
      expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    });

    it('[82] keys that cannot be loaded right now are an error that is not cached', async () => {
      const ring = app.nest.get(KeyRing, { strict: false });
      const away = jest.spyOn(ring, 'jwks').mockImplementation(() => {
        throw ofDatabase(new Error('Connection terminated'));
      });
      const failed = await send(String(metadata['jwks_uri']));
      away.mockRestore();
      expectError(failed, 503, 'temporarily_unavailable');
      expect(serverErrors(app)).toHaveLength(1);
    });

    it('[214] published keys have unique ids', () => {
      expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    });
  });

  it('the metadata URL with a slash at its end is a 404', async () => {
    expectError(await send(`${app.url}${WELL_KNOWN}/`), 404, 'not_found');
  });

  it.each([WELL_KNOWN, '/.well-known/openid-configuration', '/jwks'])(
    'a script of any origin may ask for %s with headers of its own',
    async (path) => {
      const headers = { origin: 'https://spa.example', 'access-control-request-method': 'GET' };
      const answer = await send(`${app.url}${path}`, { method: 'OPTIONS', headers });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect([
        answer.headers.get('access-control-allow-origin'),
        answer.headers.get('access-control-allow-headers'),
      ]).toEqual(['*', '*']);
      expect((await send(`${app.url}${path}`, { method: 'OPTIONS' })).status).toBe(405);
    },
  );

  it.each(['/introspect', '/authorize', '/account', '/admin/v1/clients', '/metrics', '/health/live'])(
    '[215] scripts of other origins may not read %s',
    async (path) => {
      const headers = { origin: 'https://spa.example', 'access-control-request-method': 'POST' };
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await send(`${app.url}${path}`, { method, headers });
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
    },
  );
});

/** OpenID Connect Discovery: the metadata that a client needs, and that they are true. */
describe('the OpenID configuration', () => {
  /* eslint-disable @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out: on loopback there is no TLS */
  const plainHttp = openid.allowInsecureRequests;
  /* eslint-enable @typescript-eslint/no-deprecated */

  const WELL_KNOWN = '/.well-known/openid-configuration';

  let document: Answer;
  let metadata: Record<string, string | boolean | string[]>;
  let user: TestUser;

  beforeAll(async () => {
    document = await send(`${app.url}${WELL_KNOWN}`, { headers: { origin: 'https://spa.example' } });
    metadata = document.body;
    user = await aUser(app, { name: 'Ada' });
  });

  const list = (name: string): string[] => metadata[name] as string[];

  describe('the document', () => {
    it('the document is JSON, may be cached for a stated time, and read by scripts of any origin', () => {
      expect(document.status).toBe(200);
      expect(document.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
      expect(document.headers.get('cache-control')).toBe('public, max-age=300');
      expect(document.headers.get('pragma')).toBeNull();
      expect(document.headers.get('access-control-allow-origin')).toBe('*');
      expect(document.headers.get('access-control-allow-credentials')).toBeNull();
    });

    it('the document equals the one of RFC 8414', async () => {
      expect(document.body).toEqual((await send(`${app.url}/.well-known/oauth-authorization-server`)).body);
    });

    it('the document has every REQUIRED member (§3)', () => {
      expect(metadata).toMatchObject({
        issuer: app.issuer,
        authorization_endpoint: expect.any(String),
        token_endpoint: expect.any(String),
        jwks_uri: expect.any(String),
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      });
      expect(list('scopes_supported')).toContain('openid');
    });

    it('the document states where a default would be wrong: request objects are not supported', () => {
      expect(metadata).toMatchObject({ request_parameter_supported: false, request_uri_parameter_supported: false });
      // The defaults include implicit and fragment, and plain beside S256.
      expect(metadata).toMatchObject({
        response_modes_supported: ['query', 'form_post'],
        code_challenge_methods_supported: ['S256'],
      });
      expect(list('grant_types_supported')).not.toContain('implicit');
    });

    it.each(['POST', 'PUT', 'DELETE'])('the document is read-only: %s is not allowed', async (method) => {
      expectError(await send(`${app.url}${WELL_KNOWN}`, { method }), 405, 'method_not_allowed');
    });

    it('openid-client signs a user in with the document alone', async () => {
      const client = await webClient(app);
      const { body } = await signInAndExchange(app, client, user);
      const configuration = await openid.discovery(new URL(app.issuer), client.clientId, client.secret, undefined, {
        execute: [plainHttp],
      });
      expect(configuration.serverMetadata()).toMatchObject({ issuer: app.issuer });
      const known = await openid.fetchUserInfo(configuration, body.access_token, user.subject);
      expect(known.sub).toBe(user.subject);
    });
  });

  describe('the listed features', () => {
    it('the listed scopes are exactly those that users can grant', async () => {
      const scope = list('scopes_supported').join(' ');
      const client = await webClient(app, { scopes: list('scopes_supported') });
      expect((await signInAndExchange(app, client, user, { scope })).body.scope).toBe(scope);
    });

    it('the listed claims are those of an ID token', async () => {
      const client = await webClient(app);
      const { body } = await signInAndExchange(app, client, user, { claims: '{"id_token":{"name":null}}' });
      const names = Object.keys(jose.decodeJwt(body.id_token));
      expect(names).toContain('name');
      expect(names.filter((name) => !list('claims_supported').includes(name))).toEqual([]);
    });

    it('the listed acr values are the ways to sign in', async () => {
      const { body } = await signInAndExchange(app, await webClient(app), user);
      expect(list('acr_values_supported')).toEqual([jose.decodeJwt(body.id_token)['acr']]);
    });

    it('the listed ID token algorithms are those of the published keys', async () => {
      const { body } = await send(String(metadata['jwks_uri']));
      const published = (body as jose.JSONWebKeySet).keys.map(({ alg }) => alg);
      expect([...list('id_token_signing_alg_values_supported')].sort()).toEqual(published.sort());
    });

    it.each(Object.keys(signingAlgorithms) as SigningAlgorithm[])(
      'a client may register %s for its ID tokens, and gets them, exactly if it is listed',
      async (algorithm) => {
        const registered = webClient(app, { idTokenSignedResponseAlg: algorithm });
        const isListed = list('id_token_signing_alg_values_supported').includes(algorithm);
        const outcome = await registered.then(
          async (client) => (await signInAndExchange(app, client, user)).body.id_token as string,
          () => undefined,
        );
        expect(outcome && jose.decodeProtectedHeader(outcome).alg).toBe(isListed ? algorithm : undefined);
      },
    );
  });
});

describe('GET /jwks', () => {
  let response: Response;
  let body: jose.JSONWebKeySet;

  beforeAll(async () => {
    response = await fetch(`${app.url}/jwks`, { headers: { origin: 'https://spa.example' } });
    body = (await response.json()) as jose.JSONWebKeySet;
  }, 60_000);

  it('[211] /jwks answers a JWK set whose keys have kid, kty, use and alg, and no private member', () => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/jwk-set\+json(;|$)/);
    expect(body.keys).toMatchObject([
      { kty: 'EC', alg: 'ES256' },
      { kty: 'RSA', alg: 'RS256' },
    ]);
    for (const key of body.keys) {
      expect(key).toMatchObject({ kid: expect.any(String), use: 'sig' });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret);
    }
  });

  it('[213] /jwks may be cached for a stated time', () => {
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(response.headers.get('pragma')).toBeNull();
  });

  it('[215] /jwks may be read by scripts of any origin', () => {
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('/jwks has the keys that sign access tokens and ID tokens', () => {
    const ring = app.nest.get(KeyRing, { strict: false });
    expect(body.keys.map(({ kid }) => kid)).toEqual([ring.signingKey().kid, ring.signingKey('RS256').kid]);
  });
});
