/**
 * Where the response to an authorization request goes, and its parameters (RFC 6749 §4.1.2, RFC 9207). It exists only for a
 * known client with a registered redirect URI; all other requests end in an error page.
 */
import type { Client } from '../clients/client.js';
import { isDisabled } from '../clients/client.js';
import type { Form } from '../oauth/form.js';
import { loggableUri } from '../oauth/loggable.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { matchesRegistered } from '../oauth/redirect-uri.js';

/** OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode. */
export const responseModes = ['query', 'form_post'] as const;

type ResponseMode = (typeof responseModes)[number];

export interface ResponseTarget {
  readonly client: Client;
  readonly redirectUri: string;
  /** Whether the request named the redirect URI, or left it to the registered one (RFC 6749 §3.1.2.3). */
  readonly namedRedirectUri: boolean;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
}

/** @throws OAuthError to show to the user: the browser must not be redirected */
export function responseTargetOf(client: Client | undefined, form: Form): ResponseTarget {
  if (!client) throw OAuthError.invalidRequest('unknown_client');
  const { clientId } = client;
  if (isDisabled(client)) throw new OAuthError('invalid_request', { reason: 'client_disabled', clientId });
  const named = form.get('redirect_uri');
  const redirectUri = named ?? (client.redirectUris.length === 1 ? client.redirectUris[0] : undefined);
  if (redirectUri === undefined || !matchesRegistered(client.redirectUris, redirectUri)) {
    const compared = { redirect_uri: redirectUri === undefined ? '' : loggableUri(redirectUri) };
    const { redirectUris: registered } = client;
    throw new OAuthError('invalid_request', { reason: 'unknown_redirect_uri', clientId, compared, registered });
  }
  // An unknown one is an error, which goes to the redirect URI in the mode for codes.
  const responseMode = responseModes.find((mode) => mode === form.get('response_mode')) ?? 'query';
  return { client, redirectUri, namedRedirectUri: named !== undefined, responseMode, state: form.get('state') };
}

/** The response parameters for the client, for success and error. */
export function responseParameters(
  answer: { readonly code: string } | OAuthError,
  { state }: ResponseTarget,
  issuer: string,
): Record<string, string> {
  return {
    ...(answer instanceof OAuthError
      ? { error: answer.code, error_description: answer.description }
      : { code: answer.code }),
    ...(state !== undefined && { state }),
    iss: issuer,
  };
}
