import { describe, expect, it } from '@jest/globals';
import type { Client } from '../clients/client.js';
import { registrationDefaults } from '../clients/client-registration.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { parseAuthorizationRequest } from './authorization-request.js';
import type { ResponseTarget } from './response-target.js';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

const aClient = (overrides: Partial<Client> = {}): Client => ({
  ...registrationDefaults,
  clientId: 'c1',
  name: 'A client',
  type: 'confidential',
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'profile', 'offline_access', 'read'],
  audience: ['https://api.test', 'https://other.test'],
  redirectUris: ['https://client.test/back'],
  disabledAt: null,
  secrets: [],
  ...overrides,
});

const target = (client: Client): ResponseTarget => ({
  client,
  redirectUri: 'https://client.test/back',
  namedRedirectUri: true,
  responseMode: 'query',
  state: 's1',
});

/** Null removes a parameter. */
function parse(parameters: Record<string, string | null> = {}, client = aClient()) {
  const all = {
    response_type: 'code',
    scope: 'openid read',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...parameters,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  return parseAuthorizationRequest(target(client), Form.parse(new URLSearchParams(given).toString()));
}

function refusalOf(run: () => unknown): OAuthError {
  try {
    run();
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

describe('an authorization request', () => {
  it('an authorization request is parsed into its parameters', () => {
    expect(
      parse({
        scope: 'openid offline_access read',
        nonce: 'n1',
        prompt: 'login consent',
        max_age: '60',
        login_hint: 'alice',
        resource: 'https://api.test',
        claims: '{"userinfo":{"email":null},"id_token":{"sub":{"value":"u1"}}}',
      }),
    ).toMatchObject({
      scope: ['openid', 'offline_access', 'read'],
      nonce: 'n1',
      codeChallenge: CHALLENGE,
      prompts: new Set(['login', 'consent']),
      maxAgeSeconds: 60,
      loginHint: 'alice',
      resource: ['https://api.test'],
      subject: 'u1',
      claims: { userinfo: ['email'], id_token: ['sub'] },
    });
  });

  it.each([
    ['without a response type', { response_type: null }, 'invalid_request'],
    ['for a token', { response_type: 'token' }, 'unsupported_response_type'],
    ['for a code and an ID token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['without a scope', { scope: null }, 'invalid_scope'],
    ['with a malformed scope', { scope: 'a"b' }, 'invalid_scope'],
    ['with no scope of the client', { scope: 'write admin' }, 'invalid_scope'],
    ['[262] without a code challenge', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
    ['[262] with the method plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['[262] with a challenge and no method, which means plain', { code_challenge_method: null }, 'invalid_request'],
    ['with a method and no challenge', { code_challenge: null }, 'invalid_request'],
    ['with a challenge that is not a SHA-256', { code_challenge: `${CHALLENGE}A` }, 'invalid_request'],
    ['with an unknown prompt', { prompt: 'login create' }, 'invalid_request'],
    ['with prompt none and another', { prompt: 'none login' }, 'invalid_request'],
    ['with a max_age that is not a number', { max_age: '-1' }, 'invalid_request'],
    ['with an endless max_age', { max_age: '9'.repeat(400) }, 'invalid_request'],
    ['with claims that are not JSON', { claims: '{' }, 'invalid_request'],
    ['with claims that are not an object', { claims: '[]' }, 'invalid_request'],
    ['with a claim that is neither null nor an object', { claims: '{"userinfo":{"email":true}}' }, 'invalid_request'],
    ['with a nonce too long for a code', { nonce: 'n'.repeat(513) }, 'invalid_request'],
    ['with an unknown display', { display: 'hologram' }, 'invalid_request'],
    ['with a resource that is not a URI', { resource: 'api' }, 'invalid_target'],
    ['with a resource that the client does not have', { resource: 'https://foreign.test' }, 'invalid_target'],
    ['with a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['with a request_uri', { request_uri: 'https://client.test/r' }, 'request_uri_not_supported'],
    ['with a registration', { registration: '{}' }, 'registration_not_supported'],
  ])('%s is refused', (_title, parameters, code) => {
    expect(refusalOf(() => parse(parameters))).toMatchObject({ code });
  });

  it('a request of a client without the grant type is refused', () => {
    expect(refusalOf(() => parse({}, aClient({ grantTypes: ['refresh_token'] })))).toMatchObject({
      code: 'unauthorized_client',
    });
  });

  it('a confidential client without require_pkce needs no challenge, and one that it sends counts', () => {
    const excused = aClient({ requirePkce: false });
    expect(parse({ code_challenge: null, code_challenge_method: null }, excused).codeChallenge).toBeUndefined();
    expect(parse({}, excused).codeChallenge).toBe(CHALLENGE);
  });

  it('[262] a public client needs a challenge, whatever was registered', () => {
    const client = aClient({ type: 'public', requirePkce: false });
    expect(refusalOf(() => parse({ code_challenge: null, code_challenge_method: null }, client))).toMatchObject({
      code: 'invalid_request',
    });
  });

  it.each([
    ['may not refresh', { grantTypes: ['authorization_code' as const] }],
    ['may not have the scope', { scopes: ['openid', 'read'] }],
  ])('[282] offline_access is ignored if the client %s', (_title, overrides) => {
    expect(parse({ scope: 'openid offline_access read' }, aClient(overrides)).scope).toEqual(['openid', 'read']);
  });

  it('the scopes that the client has are granted, and the others are left out', () => {
    expect(parse({ scope: 'openid groups read Read' })).toMatchObject({ scope: ['openid', 'read'], isScopeCut: true });
    expect(parse({ scope: 'openid read' }).isScopeCut).toBe(false);
  });

  it.each(['openid write', 'openid READ', 'write'])(
    'a client with unknown_scopes refuse gets an error for a scope beyond its own: %s',
    (scope) => {
      const strict = aClient({ unknownScopes: 'refuse' });
      expect(refusalOf(() => parse({ scope }, strict))).toMatchObject({
        code: 'invalid_scope',
        reason: 'beyond_client',
        description: expect.stringMatching(/^The scope is not registered for this client: (write|READ)$/),
      });
      expect(parse({ scope: 'openid read' }, strict).scope).toEqual(['openid', 'read']);
    },
  );

  it.each([
    [null, 'missing', 'The parameter scope is missing.'],
    ['', 'missing', 'The parameter scope is missing.'],
    ['a"b', 'malformed', expect.not.stringContaining('missing')],
  ])('the error says whether the scope is missing or malformed: %j', (scope, reason, description) => {
    expect(refusalOf(() => parse({ scope }))).toMatchObject({ code: 'invalid_scope', reason, description });
  });

  it('a claim of any name may be requested, __proto__ too', () => {
    expect(parse({ claims: '{"userinfo":{"__proto__":null,"email":null}}' }).claims).toEqual({
      userinfo: ['__proto__', 'email'],
    });
  });

  it.each([
    ['a value', '{"id_token":{"acr":{"essential":true,"value":"a"}}}', ['a']],
    ['values', '{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}', ['a', 'b']],
    ['a claim that is not essential', '{"id_token":{"acr":{"values":["a"]}}}', undefined],
    ['no value', '{"id_token":{"acr":{"essential":true}}}', undefined],
  ])('an essential acr names the acceptable ways to sign in: %s', (_title, claims, essentialAcr) => {
    expect(parse({ claims }).essentialAcr).toEqual(essentialAcr);
  });
});
