import { describe, expect, it } from '@jest/globals';
import { registrationDefaults, type ClientRegistration } from './client-registration.js';
import { EgressPolicy } from '../platform/egress/egress-policy.js';
import { signInProblems, type Deployment } from './sign-in-registration.js';

const DEPLOYMENT: Deployment = {
  signingAlgorithms: ['ES256', 'RS256'],
  production: true,
  egress: new EgressPolicy(true),
};
const DEVELOPMENT: Deployment = { ...DEPLOYMENT, production: false, egress: new EgressPolicy(false) };
const CB = 'https://shop.example.com/cb';

const confidential: ClientRegistration = {
  ...registrationDefaults,
  name: 'Shop',
  type: 'confidential',
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: [CB],
};
const publicClient: ClientRegistration = { ...confidential, type: 'public', tokenEndpointAuthMethod: 'none' };

const notAnOrigin = (origin: string): [Partial<ClientRegistration>, string] => [
  { allowedOrigins: [origin] },
  'allowed_origins entry 1 ',
];

const uris = (count: number): string[] => Array.from({ length: count }, (_, index) => `${CB}/${index}`);

it.each([
  ['claim_names entry 1 must be like groups=roles', ['groups']],
  ['claim_names entry 1 must be like groups=roles', ['groups=']],
  ['claim_names entry 1 must be like groups=roles', ['groups=sub']],
  ['claim_names entry 1 must be like groups=roles', ['groups=client_id']],
  ['claim_names entry 1 must be like groups=roles', ['iss=issuer']],
  ['claim_names must not rename a claim twice', ['groups=a', 'groups=b']],
  ['claim_names must not give two claims one name', ['groups=a', 'roles=a']],
  ['claim_names must not give a claim the name of another one', ['groups=email']],
  ['claim_names must not give a claim the name of another one', ['groups=roles']],
])('%s: %j', (problem, claimNames) => {
  const found = signInProblems({ ...confidential, scopes: ['openid', 'email', 'roles'], claimNames }, DEPLOYMENT);
  expect(found).toEqual([expect.stringContaining(problem)]);
});

it.each([[['groups=roles', 'roles=groups']], [['groups=cognito:groups', 'department=https://a.example/?x=y']]])(
  'a client may have other names for claims: %j',
  (claimNames) => {
    expect(signInProblems({ ...confidential, scopes: ['openid', 'email', 'roles'], claimNames }, DEPLOYMENT)).toEqual(
      [],
    );
  },
);

describe('a registration for signing in', () => {
  it.each<Partial<ClientRegistration>>([
    {},
    { grantTypes: [], redirectUris: [] },
    { grantTypes: ['refresh_token'] },
    { redirectUris: uris(50), postLogoutRedirectUris: uris(50) },
    { requirePkce: false, firstParty: true },
    { allowedOrigins: ['https://a.example.com', 'https://xn--4ca.example.com:8443', 'http://localhost:5173'] },
    { idTokenSignedResponseAlg: 'ES256' },
    { backchannelLogoutUri: 'https://shop.example.com:8443/logout?tenant=1' },
  ])('a registration of a confidential client is valid: %j', (changes) => {
    expect(signInProblems({ ...confidential, ...changes }, DEPLOYMENT)).toEqual([]);
  });

  it.each<Partial<ClientRegistration>>([
    {},
    { firstParty: true },
    { redirectUris: ['com.example.app:/cb', 'http://127.0.0.1/cb', 'http://localhost:3000/cb'] },
    { postLogoutRedirectUris: ['com.example.app:/out'] },
    { backchannelLogoutUri: 'https://spa.example.com/logout' },
  ])('a registration of a public client is valid: %j', (changes) => {
    expect(signInProblems({ ...publicClient, ...changes }, DEPLOYMENT)).toEqual([]);
  });

  it.each<[Partial<ClientRegistration>, string]>([
    [{ redirectUris: [] }, 'redirect_uris '],
    [{ redirectUris: [CB, 'javascript:alert(1)'] }, 'redirect_uris entry 2 '],
    [{ redirectUris: [CB, `${CB}#f`] }, 'redirect_uris entry 2 '],
    [{ postLogoutRedirectUris: ['https://*.example.com/'] }, 'post_logout_redirect_uris entry 1 '],
    ...['null', '*', '', 'https://*.example.com', 'https://a.example.com/', 'https://a.example.com/x'].map(notAnOrigin),
    ...['HTTPS://a.example.com', 'https://A.example.com', 'https://a.example.com:443', 'https://ä.example.com'].map(
      notAnOrigin,
    ),
    ...['http://a.example.com', 'com.example.app:', 'file://', 'https://u@a.example.com', 'a.example.com'].map(
      notAnOrigin,
    ),
    [{ idTokenSignedResponseAlg: 'EdDSA' }, 'id_token_signed_response_alg '],
    [{ idTokenSignedResponseAlg: 'none' as never }, 'id_token_signed_response_alg '],
    [{ backchannelLogoutUri: '' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'logout' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'https://shop.example.com/logout#x' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'https://u:p@shop.example.com/logout' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'http://shop.example.com/logout' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'com.example.app:/logout' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'file:///etc/passwd' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'http://127.0.0.1:5000/logout' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'https://127.0.0.1/logout' }, 'backchannel_logout_uri names a loopback address'],
    [{ backchannelLogoutUri: 'https://localhost/logout' }, 'backchannel_logout_uri names a loopback address'],
    [{ backchannelLogoutUri: 'https://2130706433/logout' }, 'backchannel_logout_uri '],
    [{ backchannelLogoutUri: 'https://[::1]/logout' }, 'backchannel_logout_uri names a loopback address'],
    [{ backchannelLogoutUri: 'https://10.1.2.3/logout' }, 'backchannel_logout_uri names a private address'],
    [{ backchannelLogoutUri: 'https://[fd12::1]/logout' }, 'backchannel_logout_uri names a private address'],
    [{ backchannelLogoutUri: 'https://[fe80::1]/logout' }, 'backchannel_logout_uri names a link_local address'],
    [{ backchannelLogoutUri: 'https://169.254.169.254/x' }, 'backchannel_logout_uri names a metadata address'],
    [{ backchannelLogoutUri: 'https://[64:ff9b::a00:1]/x' }, 'backchannel_logout_uri names a special_purpose address'],
  ])('a registration has the one problem that it names: %j', (changes, beginning) => {
    for (const client of [confidential, publicClient]) {
      const problems = signInProblems({ ...client, ...changes }, DEPLOYMENT);
      expect(problems).toHaveLength(1);
      expect(problems[0]!.startsWith(beginning)).toBe(true);
    }
  });

  it('a public client must use PKCE (RFC 9700 §2.1.1)', () => {
    expect(signInProblems({ ...publicClient, requirePkce: false }, DEPLOYMENT)).toEqual([
      expect.stringMatching(/^require_pkce /),
    ]);
  });

  it.each([[[]], [['com.example.app:/cb']], [['http://127.0.0.1/cb']], [['http://localhost:3000/cb', CB]]])(
    'a public client that can be impersonated must ask for consent: %j',
    (redirectUris) => {
      const client = { ...publicClient, grantTypes: [], redirectUris, firstParty: true };
      expect(signInProblems(client, DEPLOYMENT)).toEqual([expect.stringMatching(/^first_party /)]);
    },
  );

  it('only a public client may have a private-use scheme', () => {
    const redirectUris = ['com.example.app:/cb'];
    expect(signInProblems({ ...confidential, redirectUris }, DEPLOYMENT)).toEqual([
      expect.stringMatching(/^redirect_uris entry 1 /),
    ]);
  });

  it.each([
    ['http://127.0.0.1:5000/logout', 0],
    ['http://[::1]:5000/logout', 0],
    ['http://localhost:5000/logout', 1],
    ['http://shop.example.com/logout', 1],
  ])('the back-channel logout URI %s outside production has so many problems: %i', (backchannelLogoutUri, count) => {
    expect(signInProblems({ ...confidential, backchannelLogoutUri }, DEVELOPMENT)).toHaveLength(count);
  });

  it('all problems are reported at once, without repeating the input', () => {
    const problems = signInProblems(
      { ...publicClient, requirePkce: false, redirectUris: ['canary:1', 'https://canary/#'], firstParty: true },
      DEPLOYMENT,
    );
    expect(problems).toHaveLength(4);
    expect(problems.join()).not.toContain('canary');
  });
});
