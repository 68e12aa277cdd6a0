import { describe, expect, it } from '@jest/globals';
import { registrationDefaults, registrationProblems, type ClientRegistration } from './client-registration.js';
import { EgressPolicy } from '../platform/egress/egress-policy.js';
import type { Deployment } from './sign-in-registration.js';

const sound: ClientRegistration = { ...registrationDefaults, name: 'Client', type: 'confidential', scopes: ['a', 'b'] };

const DEPLOYMENT: Deployment = {
  signingAlgorithms: ['ES256', 'RS256'],
  production: true,
  egress: new EgressPolicy(true),
};

const problemsOf = (changes: Partial<ClientRegistration>): string[] =>
  registrationProblems({ ...sound, ...changes }, DEPLOYMENT);

it.each<Partial<ClientRegistration>>([
  {},
  { type: 'public', tokenEndpointAuthMethod: 'none' },
  { tokenEndpointAuthMethod: 'client_secret_post', grantTypes: ['client_credentials', 'refresh_token'] },
  { grantTypes: [], scopes: [], audience: ['https://api.test'], mayIntrospect: true },
  { retryWindowSeconds: 0 },
  { retryWindowSeconds: 600 },
  { scopes: Array.from({ length: 200 }, (_, index) => `s${index}`) },
])('a registration is valid: %j', (changes) => {
  expect(problemsOf(changes)).toEqual([]);
});

it.each<[Partial<ClientRegistration>, string]>([
  [{ name: ' ' }, 'name'],
  [{ name: 'x'.repeat(201) }, 'name'],
  [{ tokenEndpointAuthMethod: 'private_key_jwt' as never }, 'token_endpoint_auth_method'],
  [{ type: 'public' }, 'token_endpoint_auth_method'],
  [{ tokenEndpointAuthMethod: 'none' }, 'token_endpoint_auth_method'],
  [{ grantTypes: ['password' as never] }, 'grant_types'],
  [{ type: 'public', tokenEndpointAuthMethod: 'none', grantTypes: ['client_credentials'] }, 'grant_types'],
  [{ scopes: ['a b'] }, 'scopes'],
  [{ scopes: ['"'] }, 'scopes'],
  [{ scopes: new Array<string>(201).fill('a') }, 'scopes'],
  [{ audience: [''] }, 'audience'],
  [{ accessTokenTyp: 'JWT', audience: ['my-client'] }, 'audience'],
  [{ audience: new Array<string>(21).fill('a') }, 'audience'],
  [{ redirectUris: new Array<string>(51).fill('https://shop.example.com/cb') }, 'redirect_uris'],
  [{ postLogoutRedirectUris: new Array<string>(51).fill('https://shop.example.com/') }, 'post_logout_redirect_uris'],
  [{ rotation: 'sometimes' as never }, 'rotation'],
  [{ type: 'public', tokenEndpointAuthMethod: 'none', rotation: 'never' }, 'rotation'],
  [{ reuseResponse: '' as never }, 'reuse_response'],
  [{ type: 'public', tokenEndpointAuthMethod: 'none', mayIntrospect: true }, 'may_introspect'],
  [{ accessTokenTtlSeconds: 9 }, 'access_token_ttl_seconds'],
  [{ accessTokenTtlSeconds: 86_401 }, 'access_token_ttl_seconds'],
  [{ retryWindowSeconds: 601 }, 'retry_window_seconds'],
  [{ retryWindowSeconds: -1 }, 'retry_window_seconds'],
  [{ retryWindowSeconds: 1.5 }, 'retry_window_seconds'],
  [{ retryWindowSeconds: NaN }, 'retry_window_seconds'],
  [{ idleTtlSeconds: 59 }, 'idle_ttl_seconds'],
  [{ absoluteTtlSeconds: Infinity }, 'absolute_ttl_seconds'],
])('a registration has the one problem that it names: %j', (changes, field) => {
  const problems = problemsOf(changes);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${field} `));
});

describe('several problems', () => {
  it('several problems are reported at once', () => {
    expect(problemsOf({ name: '', retryWindowSeconds: -1, scopes: [''] })).toHaveLength(3);
  });
});
