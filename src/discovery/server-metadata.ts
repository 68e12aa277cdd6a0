/** The server's description of itself (RFC 8414 §2), made of what is really enabled. */
import { clientAuthMethods } from '../clients/client-auth-method.js';

export type ServerMetadata = Readonly<Record<string, string | readonly string[] | boolean>>;

export function serverMetadata(issuer: string, grantTypes: readonly string[]): ServerMetadata {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    token_endpoint_auth_methods_supported: clientAuthMethods,
    revocation_endpoint: `${issuer}/revoke`,
    revocation_endpoint_auth_methods_supported: clientAuthMethods,
    introspection_endpoint: `${issuer}/introspect`,
    // A name without a secret authorizes nobody to introspect (RFC 7662 §2.1).
    introspection_endpoint_auth_methods_supported: clientAuthMethods.filter((method) => method !== 'none'),
    jwks_uri: `${issuer}/jwks`,
    grant_types_supported: grantTypes,
    // REQUIRED, although there is no authorization endpoint: the one empty list (RFC 8414 §2 against §3.2).
    response_types_supported: [],
  };
}
