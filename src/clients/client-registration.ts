/**
 * What a client may be: the fields that an admin sets, their defaults, and what they demand of each other. The same rules
 * judge a new client and the outcome of a change.
 */
import { isScopeToken } from '../oauth/scope.js';
import { grantTypes, type GrantType } from '../oauth/grant-type.js';
import { DEFAULT_ID_TOKEN_ALGORITHM, type SigningAlgorithm } from '../keys/signing-algorithm.js';
import { clientAuthMethods, type ClientAuthMethod } from './client-auth-method.js';
import type { ClientEntity } from './client.entity.js';
import { signInProblems, type Deployment } from './sign-in-registration.js';

export type ClientRegistration = Omit<
  ClientEntity,
  'clientId' | 'longestAccessTokenTtlSeconds' | 'createdAt' | 'updatedAt' | 'disabledAt' | 'deletedAt'
>;

const DAY_SECONDS = 86_400;

export const registrationDefaults = {
  tokenEndpointAuthMethod: 'client_secret_basic' as ClientAuthMethod,
  grantTypes: ['refresh_token'] as GrantType[],
  scopes: [] as string[],
  audience: [] as string[],
  accessTokenFormat: 'jwt' as const,
  accessTokenTtlSeconds: 600,
  rotation: 'always' as const,
  retryWindowSeconds: 60,
  idleTtlSeconds: 30 * DAY_SECONDS,
  absoluteTtlSeconds: 365 * DAY_SECONDS,
  reuseResponse: 'revoke_family' as const,
  scopeNarrowing: 'request' as const,
  mayIntrospect: false,
  redirectUris: [] as string[],
  postLogoutRedirectUris: [] as string[],
  requirePkce: true,
  firstParty: false,
  idTokenSignedResponseAlg: DEFAULT_ID_TOKEN_ALGORITHM as SigningAlgorithm,
  backchannelLogoutUri: null as string | null,
};

export const registrationLimits = {
  accessTokenTtlSeconds: [10, DAY_SECONDS],
  retryWindowSeconds: [0, 600],
  idleTtlSeconds: [60, 3650 * DAY_SECONDS],
  absoluteTtlSeconds: [60, 3650 * DAY_SECONDS],
} as const;

/** @returns every problem, each beginning with the name of its field; empty where the registration is sound */
export function registrationProblems(client: ClientRegistration, deployment: Deployment): string[] {
  const rules: [broken: boolean, problem: string][] = [
    [client.name.trim() === '' || client.name.length > 200, 'name must have 1 to 200 characters'],
    [
      !clientAuthMethods.includes(client.tokenEndpointAuthMethod),
      `token_endpoint_auth_method must be one of ${clientAuthMethods.join(', ')}`,
    ],
    [
      (client.type === 'public') !== (client.tokenEndpointAuthMethod === 'none'),
      'token_endpoint_auth_method must be none for a public client, and something else for a confidential one',
    ],
    [client.grantTypes.some((type) => !grantTypes.includes(type)), `grant_types may hold ${grantTypes.join(', ')}`],
    [
      client.type === 'public' && client.grantTypes.includes('client_credentials'),
      'grant_types must not hold client_credentials for a public client (RFC 6749 section 4.4)',
    ],
    [!client.scopes.every(isScopeToken), 'scopes must be scope tokens (RFC 6749 section 3.3)'],
    [client.scopes.length > 200, 'scopes may hold 200 tokens at most'],
    [
      !client.audience.every((aud) => aud !== '' && aud.length <= 500),
      'audience must be strings of 1 to 500 characters',
    ],
    [client.audience.length > 20, 'audience may hold 20 entries at most'],
    [
      client.mayIntrospect && client.type === 'public',
      'may_introspect needs a confidential client (RFC 7662 section 2.1)',
    ],
    ...Object.entries(registrationLimits).map(([field, [min, max]]): [boolean, string] => {
      const value = client[field as keyof typeof registrationLimits];
      return [
        !(Number.isInteger(value) && value >= min && value <= max),
        `${snakeCase(field)} must be a whole number from ${min} to ${max}`,
      ];
    }),
  ];
  return [...rules.filter(([broken]) => broken).map(([, problem]) => problem), ...signInProblems(client, deployment)];
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
