/**
 * A logout request of a client (OpenID Connect RP-Initiated Logout §2). Its parts must be consistent: a request with an invalid
 * part leads to no redirect (§4).
 */
import { isDisabled, type Client } from '../../clients/client.js';
import type { IdTokenHint } from '../../issuance/id-token.js';
import type { Form } from '../../oauth/form.js';
import { withParameters } from '../../oauth/uri.js';

export interface EndSessionRequest {
  readonly idTokenHint: string | undefined;
  readonly clientId: string | undefined;
  readonly postLogoutRedirectUri: string | undefined;
  readonly state: string | undefined;
  readonly uiLocales: string | undefined;
}

/** `logout_hint` is ignored, because the cookie identifies the user. */
export const endSessionRequestOf = (form: Form): EndSessionRequest => ({
  idTokenHint: form.get('id_token_hint'),
  clientId: form.get('client_id'),
  postLogoutRedirectUri: form.get('post_logout_redirect_uri'),
  state: form.get('state'),
  uiLocales: form.get('ui_locales'),
});

/** @returns the requesting client; undefined if the request names none or contradicts itself */
export function clientIdOf(
  request: EndSessionRequest,
  hint: Pick<IdTokenHint, 'clientId'> | undefined,
): string | undefined {
  if (request.idTokenHint !== undefined && !hint) return undefined;
  if (hint && request.clientId !== undefined && request.clientId !== hint.clientId) return undefined;
  return request.clientId ?? hint?.clientId;
}

/**
 * The redirect after the logout: a registered URI of the client, compared exactly, with the state (§3).
 * @returns undefined for no redirect
 */
export function postLogoutLocation(
  client: Client | undefined,
  { postLogoutRedirectUri: uri, state }: EndSessionRequest,
): string | undefined {
  if (!client || isDisabled(client) || uri === undefined || !client.postLogoutRedirectUris.includes(uri)) {
    return undefined;
  }
  return state === undefined ? uri : withParameters(uri, { state });
}
