/** Clients as the admin API shows and takes them, against how they are stored. Secrets and digests have no part in it. */
import type { ClientRegistration } from '../clients/client-registration.js';
import type { ClientEntity } from '../clients/client.entity.js';
import type { ClientDto, UpdateClientDto } from './client.dto.js';

export const showClient = (client: ClientEntity): ClientDto => ({
  client_id: client.clientId,
  name: client.name,
  type: client.type,
  token_endpoint_auth_method: client.tokenEndpointAuthMethod,
  grant_types: client.grantTypes,
  scopes: client.scopes,
  audience: client.audience,
  access_token_format: client.accessTokenFormat,
  access_token_ttl_seconds: client.accessTokenTtlSeconds,
  refresh: {
    rotation: client.rotation,
    retry_window_seconds: client.retryWindowSeconds,
    idle_ttl_seconds: client.idleTtlSeconds,
    absolute_ttl_seconds: client.absoluteTtlSeconds,
    reuse_response: client.reuseResponse,
    scope_narrowing: client.scopeNarrowing,
  },
  may_introspect: client.mayIntrospect,
  redirect_uris: client.redirectUris,
  post_logout_redirect_uris: client.postLogoutRedirectUris,
  require_pkce: client.requirePkce,
  first_party: client.firstParty,
  id_token_signed_response_alg: client.idTokenSignedResponseAlg,
  ...(client.backchannelLogoutUri !== null && { backchannel_logout_uri: client.backchannelLogoutUri }),
  disabled: client.disabledAt !== null,
  created_at: client.createdAt.toISOString(),
  updated_at: client.updatedAt.toISOString(),
});

/** @returns only what the request named */
export function changesIn(request: UpdateClientDto): Partial<ClientRegistration> & { disabled?: boolean } {
  const { refresh } = request;
  return withoutUndefined({
    name: request.name,
    tokenEndpointAuthMethod: request.token_endpoint_auth_method,
    grantTypes: request.grant_types,
    scopes: request.scopes,
    audience: request.audience,
    accessTokenFormat: request.access_token_format,
    accessTokenTtlSeconds: request.access_token_ttl_seconds,
    rotation: refresh?.rotation,
    retryWindowSeconds: refresh?.retry_window_seconds,
    idleTtlSeconds: refresh?.idle_ttl_seconds,
    absoluteTtlSeconds: refresh?.absolute_ttl_seconds,
    reuseResponse: refresh?.reuse_response,
    scopeNarrowing: refresh?.scope_narrowing,
    mayIntrospect: request.may_introspect,
    redirectUris: request.redirect_uris,
    postLogoutRedirectUris: request.post_logout_redirect_uris,
    requirePkce: request.require_pkce,
    firstParty: request.first_party,
    idTokenSignedResponseAlg: request.id_token_signed_response_alg,
    backchannelLogoutUri: request.backchannel_logout_uri,
    disabled: request.disabled,
  });
}

const REFRESH_FIELDS =
  /^(rotation|retry_window_seconds|idle_ttl_seconds|absolute_ttl_seconds|reuse_response|scope_narrowing)$/;

/** A rule's complaint begins with the name of its field. */
export function fieldProblem(problem: string): { field: string; detail: string } {
  const name = problem.split(' ', 1)[0]!;
  return { field: REFRESH_FIELDS.test(name) ? `refresh.${name}` : name, detail: problem };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const withoutUndefined = <T extends object>(object: T): Defined<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
