import { expect, it } from '@jest/globals';
import { OAuthError } from '../oauth/oauth-error.js';
import { problemOf } from './page-problem.js';

it.each([
  [OAuthError.invalidRequest('bad_scope'), 'badRequest'],
  [OAuthError.invalidRequest('http_431'), 'badRequest'],
  [OAuthError.invalidRequest('constructor'), 'badRequest'],
  [OAuthError.invalidRequest('unknown_client'), 'unknownClient'],
  [OAuthError.invalidRequest('unknown_redirect_uri'), 'unknownRedirectUri'],
  [OAuthError.invalidRequest('form_token'), 'formExpired'],
  [OAuthError.invalidRequest('foreign_origin'), 'formExpired'],
  [OAuthError.invalidRequest('upstream_state'), 'upstreamFailed'],
  [new OAuthError('access_denied'), 'refused'],
  [new OAuthError('not_found'), 'notFound'],
  [OAuthError.methodNotAllowed('POST'), 'methodNotAllowed'],
  [new OAuthError('request_too_large'), 'tooLarge'],
  [OAuthError.tooManyRequests(1, 'sign_in'), 'tooManyAttempts'],
  [OAuthError.unavailable('database'), 'unavailable'],
  [OAuthError.unavailable('upstream_metadata'), 'unavailable'],
  [new OAuthError('server_error'), 'unexpected'],
] as const)('%s is shown as %s', (error, problem) => {
  expect(problemOf(error)).toBe(problem);
});
