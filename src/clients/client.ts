/**
 * A client as the rules see it, and what it may do. Units are in the names.
 */
import type { SigningAlgorithm } from '../keys/signing-algorithm.js';
import type { GrantType } from '../oauth/grant-type.js';
import type { ClientAuthMethod } from './client-auth-method.js';
import type { StoredSecret } from './client-secret.js';

export interface Client {
  readonly clientId: string;
  readonly name: string;
  readonly type: 'confidential' | 'public';
  readonly tokenEndpointAuthMethod: ClientAuthMethod;
  readonly grantTypes: readonly GrantType[];
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly accessTokenFormat: 'jwt' | 'opaque';
  readonly accessTokenTtlSeconds: number;
  readonly idleTtlSeconds: number;
  readonly absoluteTtlSeconds: number;
  readonly reuseResponse: 'revoke_family' | 'revoke_subject_client' | 'revoke_subject' | 'report_only';
  readonly mayIntrospect: boolean;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly requirePkce: boolean;
  readonly firstParty: boolean;
  readonly idTokenSignedResponseAlg: SigningAlgorithm;
  readonly backchannelLogoutUri: string | null;
  readonly disabledAt: Date | null;
  readonly secrets: readonly StoredSecret[];
}

export const mayUse = (client: Client, grantType: GrantType): boolean => client.grantTypes.includes(grantType);

export const isDisabled = (client: Client): boolean => client.disabledAt !== null;
