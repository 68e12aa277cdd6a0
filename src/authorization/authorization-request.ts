/**
 * Validates an authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1) once the client and its redirect URI are
 * known. All errors from here may be sent to the redirect URI.
 */
import { mayUse, type Client } from '../clients/client.js';
import type { Form } from '../oauth/form.js';
import { OAuthError, type OAuthErrorCode } from '../oauth/oauth-error.js';
import { CODE_CHALLENGE_METHOD, isCodeChallenge } from '../oauth/pkce.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';
import { resourcesWithin } from '../oauth/resource.js';
import { intersection, OFFLINE_ACCESS, parseScope } from '../oauth/scope.js';
import { validateRequest } from '../oauth/validate-request.js';
import { AuthorizationRequestDto } from './authorization-request.dto.js';
import { parseClaimsParameter, type ClaimsParameter } from './claims-parameter.js';
import { responseModes, type ResponseTarget } from './response-target.js';

export const prompts = ['none', 'login', 'consent', 'select_account'] as const;

export type Prompt = (typeof prompts)[number];

export interface AuthorizationRequest extends ResponseTarget {
  readonly scope: readonly string[];
  readonly nonce: string | undefined;
  /** S256. */
  readonly codeChallenge: string | undefined;
  readonly prompts: ReadonlySet<Prompt>;
  readonly maxAgeSeconds: number | undefined;
  readonly loginHint: string | undefined;
  readonly uiLocales: string | undefined;
  /** An ID token of ours, not verified yet: the user must be its subject. */
  readonly idTokenHint: string | undefined;
  /** The user must have this `sub`. */
  readonly subject: string | undefined;
  readonly essentialAcr: readonly string[] | undefined;
  /** RFC 8707; empty: the client's whole audience. */
  readonly resource: readonly string[];
  readonly claims: RequestedClaims | undefined;
  /** Whether some of the scope is not registered for the client. */
  readonly isScopeCut: boolean;
}

/** Unsupported parameters and their error codes (OpenID Connect Core §3.1.2.6). */
const notSupported: Readonly<Record<string, OAuthErrorCode>> = {
  request: 'request_not_supported',
  request_uri: 'request_uri_not_supported',
  registration: 'registration_not_supported',
};

/** @throws OAuthError with a code of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6 */
export function parseAuthorizationRequest(target: ResponseTarget, form: Form): AuthorizationRequest {
  for (const [name, code] of Object.entries(notSupported)) if (form.get(name) !== undefined) throw new OAuthError(code);
  const { client } = target;
  if (!mayUse(client, 'authorization_code')) throw OAuthError.unauthorizedClient('grant_type');
  checkResponseType(form.get('response_type'));
  checkResponseMode(form.get('response_mode'));
  const parameters = validateRequest(AuthorizationRequestDto, form);
  const claims = claimsIn(parameters.claims);
  const scope = scopeIn(parameters.scope, client);
  return {
    ...target,
    scope,
    isScopeCut: parameters.scope?.split(' ').some((token) => !scope.includes(token)) ?? false,
    nonce: parameters.nonce,
    codeChallenge: codeChallengeIn(parameters, client),
    prompts: promptsIn(parameters.prompt),
    maxAgeSeconds: parameters.max_age === undefined ? undefined : Number(parameters.max_age),
    loginHint: parameters.login_hint,
    uiLocales: parameters.ui_locales,
    idTokenHint: parameters.id_token_hint,
    subject: claims?.subject,
    essentialAcr: claims?.essentialAcr,
    resource: resourcesWithin(form.all('resource'), client.audience),
    claims: claims && (claims.requested.userinfo || claims.requested.id_token) ? claims.requested : undefined,
  };
}

function checkResponseType(responseType: string | undefined): void {
  if (responseType === undefined) throw OAuthError.malformedParameter('response_type');
  if (responseType !== 'code') throw new OAuthError('unsupported_response_type');
}

/** `fragment` is for tokens in the response, and a code needs no script to be read. */
function checkResponseMode(responseMode: string | undefined): void {
  if (responseMode === undefined || responseModes.some((mode) => mode === responseMode)) return;
  const supported = responseModes.join(' and ');
  throw OAuthError.invalidRequest('bad_response_mode', `The response mode is not supported. Supported: ${supported}.`);
}

function scopeIn(text: string | undefined, client: Client): string[] {
  if (text === undefined) {
    throw OAuthError.invalidScope('missing', 'The parameter scope is missing.');
  }
  const scope = parseScope(text);
  if (!scope) throw OAuthError.malformedScope();
  // OpenID Connect Core §11: `offline_access` is ignored if the client cannot get a refresh token.
  const mayStay = mayUse(client, 'refresh_token') && client.scopes.includes(OFFLINE_ACCESS);
  const asked = mayStay ? scope : scope.filter((token) => token !== OFFLINE_ACCESS);
  const unknown = asked.filter((token) => !client.scopes.includes(token));
  // RFC 6749 §3.3: refused in any case if no scope would be left.
  if (unknown.length > 0 && (client.unknownScopes === 'refuse' || unknown.length === asked.length)) {
    throw OAuthError.scopeBeyondClient(unknown, { named: true });
  }
  return intersection(asked, client.scopes);
}

/** RFC 7636 §4.3: a missing method means `plain`, which is refused. */
function codeChallengeIn(
  { code_challenge: challenge, code_challenge_method: method }: AuthorizationRequestDto,
  client: Client,
): string | undefined {
  if (challenge === undefined) {
    if (method !== undefined || client.requirePkce || client.type === 'public')
      throw OAuthError.invalidRequest(
        'bad_code_challenge',
        'The parameter code_challenge is missing: use PKCE (RFC 7636).',
      );
    return undefined;
  }
  if (method !== CODE_CHALLENGE_METHOD) throw OAuthError.malformedParameter('code_challenge_method');
  if (!isCodeChallenge(challenge)) throw OAuthError.malformedParameter('code_challenge');
  return challenge;
}

function promptsIn(text: string | undefined): ReadonlySet<Prompt> {
  const asked = text === undefined ? [] : text.split(' ');
  const known = asked.filter((prompt): prompt is Prompt => prompts.some((one) => one === prompt));
  // OpenID Connect Core §3.1.2.1: `none` must stand alone.
  if (known.length < asked.length || (known.includes('none') && known.length > 1))
    throw OAuthError.malformedParameter('prompt');
  return new Set(known);
}

function claimsIn(text: string | undefined): ClaimsParameter | undefined {
  if (text === undefined) return undefined;
  const claims = parseClaimsParameter(text);
  if (!claims) throw OAuthError.malformedParameter('claims');
  return claims;
}
