/**
 * Errors of the upstream provider. Its own texts are neither shown nor logged, except for registered error codes.
 */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { OAuthError } from '../oauth/oauth-error.js';

/** The provider cannot be used, or not safely: its metadata or a response is invalid. */
export class UnusableUpstream extends Error {
  constructor(what: string, cause?: unknown) {
    super(`The upstream provider: ${what}`, { cause });
    this.name = 'UnusableUpstream';
  }
}

/** Error codes of openid-client for an unreachable provider or a useless response. */
const AWAY = [
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
];

/** RFC 6749 §4.1.2.1: errors on the provider's side. */
const ITS_OWN_FAULT = ['server_error', 'temporarily_unavailable'];

export function upstreamFailure(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof AuthorizationResponseError) return ofAnswer(error);
  if (error instanceof ResponseBodyError) return ofTokenEndpoint(error);
  if (error instanceof ClientError && error.code !== undefined && !AWAY.includes(error.code)) {
    return new OAuthError('invalid_request', { reason: 'upstream_token', cause: error });
  }
  return OAuthError.unavailable('upstream_away', error);
}

/** The authorization response, which the browser brings back, is an error. */
function ofAnswer(error: AuthorizationResponseError): OAuthError {
  if (error.error === 'access_denied') return new OAuthError('access_denied', { reason: 'upstream_denied' });
  if (ITS_OWN_FAULT.includes(error.error)) return OAuthError.unavailable('upstream_error', error);
  return new OAuthError('invalid_request', { reason: 'upstream_refused', cause: error });
}

/** Anyone can send an invalid code; all other errors are between the provider and this service. */
const ofTokenEndpoint = (error: ResponseBodyError): OAuthError =>
  error.error === 'invalid_grant'
    ? new OAuthError('invalid_request', { reason: 'upstream_code', cause: error })
    : OAuthError.unavailable('upstream_token_endpoint', error);

/** The details for the operator's log. */
export function diagnosisOf(error: OAuthError): Readonly<Record<string, string | undefined>> {
  const root = error.cause instanceof Error ? rootOf(error.cause) : {};
  const { code, error: said } = root as { code?: unknown; error?: unknown };
  return {
    reason: error.reason,
    code: typeof code === 'string' ? code : undefined,
    upstream_error: typeof said === 'string' && /^[a-z_]{1,64}$/.test(said) ? said : undefined,
  };
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);
