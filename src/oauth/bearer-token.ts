/** How a bearer token stands in a request, and what is said to one that is not good enough (RFC 6750 §2.1, §3). */
import { OAuthError } from './oauth-error.js';

const BEARER = /^bearer(?: |$)/i;
const BEARER_TOKEN = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * @returns the token; an empty string where the scheme is right and the token malformed; undefined where the request
 *   authenticates in another way or in none
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !BEARER.test(authorization)) return undefined;
  return BEARER_TOKEN.exec(authorization)?.[1] ?? '';
}

/** A caller that did not know that it must authenticate is told so, and no error (§3.1). */
export const authenticationRequired = () =>
  new OAuthError('authentication_required', { headers: challenge(), reason: 'no_access_token' });

/** @param clientId of the token, where it is one of ours */
export const invalidToken = (reason: string, clientId?: string) =>
  new OAuthError('invalid_token', { reason, clientId, headers: challenge({ error: 'invalid_token' }) });

export const insufficientScope = (scope: string, clientId?: string) =>
  new OAuthError('insufficient_scope', {
    clientId,
    compared: { scope },
    headers: challenge({ error: 'insufficient_scope', scope }),
  });

export const twoAccessTokens = () =>
  new OAuthError('invalid_request', {
    reason: 'two_access_tokens',
    description: 'An access token is sent in one way at a time.',
    headers: challenge({ error: 'invalid_request' }),
  });

function challenge(attributes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const parts = Object.entries({ realm: 'rekey', ...attributes }).map(([name, value]) => `${name}="${value}"`);
  return { 'WWW-Authenticate': `Bearer ${parts.join(', ')}` };
}
