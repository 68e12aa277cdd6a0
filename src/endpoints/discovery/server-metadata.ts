/**
 * The server metadata (RFC 8414 §2, OpenID Connect Discovery §3), generated from the enabled features. One document under two
 * well-known names.
 */
import { responseModes } from '../../authorization/response-target.js';
import { prompts } from '../../authorization/authorization-request.js';
import { clientAuthMethods } from '../../clients/client-auth-method.js';
import { keptAlgorithms, type SigningAlgorithm } from '../../keys/signing-algorithm.js';
import { offeredAcrs } from '../../oauth/authentication.js';
import { CODE_CHALLENGE_METHOD } from '../../oauth/pkce.js';
import { OFFLINE_ACCESS, OPENID } from '../../oauth/scope.js';
import { languages } from '../../pages/languages.js';
import type { ScopeDefinitions } from '../../oauth/scope-definition.js';

export type ServerMetadata = Readonly<Record<string, string | readonly string[] | boolean>>;

interface Enabled {
  readonly issuer: string;
  readonly signingAlgorithm: SigningAlgorithm;
  /** The upstream provider through which users may sign in, if there is one. */
  readonly upstreamIssuer: string | undefined;
}

/** The claims of ID tokens, besides the standard claims of the user. */
const TOKEN_CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp', 'auth_time', 'nonce', 'acr', 'amr', 'at_hash', 'sid'];

export const serverMetadata = (
  config: Enabled,
  grantTypes: readonly string[],
  scopes: ScopeDefinitions,
): ServerMetadata => ({
  issuer: config.issuer,
  ...clientEndpoints(config.issuer),
  ...authorizationEndpoint(config.issuer),
  grant_types_supported: grantTypes,
  scopes_supported: [OPENID, ...scopes.keys(), OFFLINE_ACCESS],
  ...openid(config, scopes),
  ...logout(config.issuer),
});

const clientEndpoints = (issuer: string): ServerMetadata => ({
  token_endpoint: `${issuer}/token`,
  token_endpoint_auth_methods_supported: clientAuthMethods,
  revocation_endpoint: `${issuer}/revoke`,
  revocation_endpoint_auth_methods_supported: clientAuthMethods,
  introspection_endpoint: `${issuer}/introspect`,
  // A public client must not introspect (RFC 7662 §2.1).
  introspection_endpoint_auth_methods_supported: clientAuthMethods.filter((method) => method !== 'none'),
  jwks_uri: `${issuer}/jwks`,
});

const authorizationEndpoint = (issuer: string): ServerMetadata => ({
  authorization_endpoint: `${issuer}/authorize`,
  response_types_supported: ['code'],
  response_modes_supported: responseModes,
  code_challenge_methods_supported: [CODE_CHALLENGE_METHOD],
  authorization_response_iss_parameter_supported: true,
  prompt_values_supported: prompts,
  display_values_supported: ['page'],
  ui_locales_supported: languages,
  claims_parameter_supported: true,
  request_parameter_supported: false,
  // The default is true (OpenID Connect Discovery §3).
  request_uri_parameter_supported: false,
});

const openid = ({ issuer, signingAlgorithm, upstreamIssuer }: Enabled, scopes: ScopeDefinitions): ServerMetadata => ({
  userinfo_endpoint: `${issuer}/userinfo`,
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: keptAlgorithms(signingAlgorithm),
  acr_values_supported: offeredAcrs({ upstreamIssuer }),
  claim_types_supported: ['normal'],
  claims_supported: [...new Set([...TOKEN_CLAIMS, ...[...scopes.values()].flatMap(({ claims }) => claims)])],
});

const logout = (issuer: string): ServerMetadata => ({
  end_session_endpoint: `${issuer}/end-session`,
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
});
