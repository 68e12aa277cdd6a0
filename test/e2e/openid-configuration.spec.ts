/** OpenID Connect Discovery: what a client needs that knows nothing but the issuer, and that it is so. */
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
  it('is JSON, may be cached for a time that is stated, and read by scripts of any origin', () => {
    expect(document.status).toBe(200);
    expect(document.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
    expect(document.headers.get('cache-control')).toBe('public, max-age=300');
    expect(document.headers.get('pragma')).toBeNull();
    expect(document.headers.get('access-control-allow-origin')).toBe('*');
    expect(document.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('is the one of RFC 8414', async () => {
    expect(document.body).toEqual((await send(`${app.url}/.well-known/oauth-authorization-server`)).body);
  });

  it('has every member that is REQUIRED (§3)', () => {
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

  it('says so where a default would say otherwise: request objects are not read, from wherever', () => {
    expect(metadata).toMatchObject({ request_parameter_supported: false, request_uri_parameter_supported: false });
    // Their defaults are implicit and fragment as well, and plain besides S256.
    expect(metadata).toMatchObject({
      response_modes_supported: ['query', 'form_post'],
      code_challenge_methods_supported: ['S256'],
    });
    expect(list('grant_types_supported')).not.toContain('implicit');
  });

  it.each(['POST', 'PUT', 'DELETE'])('is for reading: %s is not allowed', async (method) => {
    expectError(await send(`${app.url}${WELL_KNOWN}`, { method }), 405, 'method_not_allowed');
  });

  it('leads openid-client all the way to the user', async () => {
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

describe('what it lists is what there is:', () => {
  it('the scopes of users, and no others', async () => {
    const scope = list('scopes_supported').join(' ');
    const client = await webClient(app, { scopes: list('scopes_supported') });
    expect((await signInAndExchange(app, client, user, { scope })).body.scope).toBe(scope);
  });

  it('the claims of an ID token', async () => {
    const client = await webClient(app);
    const { body } = await signInAndExchange(app, client, user, { claims: '{"id_token":{"name":null}}' });
    const names = Object.keys(jose.decodeJwt(body.id_token));
    expect(names).toContain('name');
    expect(names.filter((name) => !list('claims_supported').includes(name))).toEqual([]);
  });

  it('the ways to sign in', async () => {
    const { body } = await signInAndExchange(app, await webClient(app), user);
    expect(list('acr_values_supported')).toEqual([jose.decodeJwt(body.id_token)['acr']]);
  });

  it('the algorithms of ID tokens: those of the published keys', async () => {
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
