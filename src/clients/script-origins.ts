/** Whose scripts may use a client from a browser. */
import { loggableUri } from '../oauth/loggable.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { webOriginOf } from '../oauth/origin.js';
import { matchesRegistered } from '../oauth/redirect-uri.js';
import type { Client } from './client.js';

type Registration = Pick<Client, 'clientId' | 'type' | 'allowedOrigins' | 'redirectUris'>;

/**
 * The registered origins; if there are none, those where a public client receives its codes. A confidential client has none by
 * default, because a script cannot keep a secret.
 */
function originsOf({ type, allowedOrigins, redirectUris }: Registration): readonly string[] {
  if (allowedOrigins.length > 0 || type === 'confidential') return allowedOrigins;
  return redirectUris.flatMap((uri) => webOriginOf(uri) ?? []);
}

/** On a loopback address any port matches, as for redirect URIs. @throws OAuthError before anything is consumed */
export function demandAllowedOrigin(client: Registration, origin: string): void {
  if (matchesRegistered(originsOf(client), origin)) return;
  throw new OAuthError('unauthorized_client', {
    reason: 'origin_not_allowed',
    clientId: client.clientId,
    compared: { origin: loggableUri(origin) },
    description:
      'This client may not be used by scripts of this Origin. Register the origin in its allowed_origins, or call from a server without the Origin header.',
  });
}
