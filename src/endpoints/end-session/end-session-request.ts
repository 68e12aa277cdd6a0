/**
 * A logout request of a client (OpenID Connect RP-Initiated Logout §2), and what of it may be believed. Only what holds
 * together is used: of a request with a wrong part no redirect comes (§4).
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

/** `logout_hint` is not read: who is signed in is known from the cookie. */
export const endSessionRequestOf = (form: Form): EndSessionRequest => ({
  idTokenHint: form.get('id_token_hint'),
  clientId: form.get('client_id'),
  postLogoutRedirectUri: form.get('post_logout_redirect_uri'),
  state: form.get('state'),
  uiLocales: form.get('ui_locales'),
});

/** @returns the client that the request speaks for; undefined where it names none, or where its parts contradict each other */
export function clientIdOf(
  request: EndSessionRequest,
  hint: Pick<IdTokenHint, 'clientId'> | undefined,
): string | undefined {
  if (request.idTokenHint !== undefined && !hint) return undefined;
  if (hint && request.clientId !== undefined && request.clientId !== hint.clientId) return undefined;
  return request.clientId ?? hint?.clientId;
}

/**
 * Where the browser goes afterwards: to a URI that the client has registered, spelled exactly so, with the state (§3).
 * @returns undefined for nowhere
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
