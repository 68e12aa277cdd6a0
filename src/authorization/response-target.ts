/**
 * Where the answer to an authorization request goes, and how it is spelled (RFC 6749 §4.1.2, RFC 9207). Only a client that is
 * known, with a redirect URI that is registered, makes one: what leads anywhere else ends in a page.
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
  /** Whether the request named it, or left it to the one that is registered (RFC 6749 §3.1.2.3). */
  readonly namedRedirectUri: boolean;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
}

/** @throws OAuthError for the user alone: nobody may be redirected anywhere */
export function responseTargetOf(client: Client | undefined, form: Form): ResponseTarget {
  if (!client) throw OAuthError.invalidRequest('unknown_client');
  const { clientId } = client;
  if (isDisabled(client)) throw new OAuthError('invalid_request', { reason: 'client_disabled', clientId });
  const named = form.get('redirect_uri');
  const redirectUri = named ?? (client.redirectUris.length === 1 ? client.redirectUris[0] : undefined);
  if (redirectUri === undefined || !matchesRegistered(client.redirectUris, redirectUri)) {
    const compared = { redirect_uri: redirectUri === undefined ? '' : loggableUri(redirectUri) };
    throw new OAuthError('invalid_request', { reason: 'unknown_redirect_uri', clientId, compared });
  }
  const responseMode = responseModes.find((mode) => mode === (form.get('response_mode') ?? 'query'));
  if (!responseMode) throw new OAuthError('invalid_request', { reason: 'bad_response_mode', clientId });
  return { client, redirectUri, namedRedirectUri: named !== undefined, responseMode, state: form.get('state') };
}

/** The parameters of an answer, success or error, as the client is to get them. */
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
