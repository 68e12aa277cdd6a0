/** Bearer tokens in requests, and the challenges for missing and invalid ones (RFC 6750 §2.1, §3). */
import { OAuthError } from './oauth-error.js';

const BEARER = /^bearer(?: |$)/i;
const BEARER_TOKEN = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * @returns the token; an empty string if the scheme is Bearer but the token is malformed; undefined if the request has no
 *   Bearer credentials
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !BEARER.test(authorization)) return undefined;
  return BEARER_TOKEN.exec(authorization)?.[1] ?? '';
}

/** For requests without authentication: the challenge has no error code (§3.1). */
export const authenticationRequired = () =>
  new OAuthError('authentication_required', { headers: challenge(), reason: 'no_access_token' });

/** @param clientId the token's client, if the token is ours */
export const invalidToken = (reason: string, clientId?: string) =>
  new OAuthError('invalid_token', { reason, clientId, headers: challenge({ error: 'invalid_token' }) });

export const insufficientScope = (scope: string, clientId?: string) =>
  new OAuthError('insufficient_scope', {
    clientId,
    compared: { scope },
    description: `The access token lacks the scope ${scope}.`,
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
