/** OpenID Connect Discovery: the metadata that a client needs, and that they are true. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as jose from 'jose';
import * as openid from 'openid-client';
import { signingAlgorithms, type SigningAlgorithm } from '../../src/keys/signing-algorithm.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { send, type Answer } from '../support/requests.js';
import { aUser, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';

/* eslint-disable @typescript-eslint/no-deprecated -- not deprecated, but meant to stand out: on loopback there is no TLS */
const plainHttp = openid.allowInsecureRequests;
/* eslint-enable @typescript-eslint/no-deprecated */

const WELL_KNOWN = '/.well-known/openid-configuration';

let app: TestApp;
let document: Answer;
let metadata: Record<string, string | boolean | string[]>;
let user: TestUser;

beforeAll(async () => {
  app = await startAppAtIssuer();
  document = await send(`${app.url}${WELL_KNOWN}`, { headers: { origin: 'https://spa.example' } });
  metadata = document.body;
  user = await aUser(app, { name: 'Ada' });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

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
