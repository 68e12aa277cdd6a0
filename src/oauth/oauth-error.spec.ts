import { expect, it } from '@jest/globals';
import { OAuthError } from './oauth-error.js';

const codes = [
  ['invalid_request', 400],
  ['invalid_client', 401],
  ['invalid_grant', 400],
  ['invalid_scope', 400],
  ['invalid_target', 400],
  ['unauthorized_client', 400],
  ['unsupported_grant_type', 400],
  ['unsupported_response_type', 400],
  ['access_denied', 403],
  ['login_required', 400],
  ['consent_required', 400],
  ['interaction_required', 400],
  ['account_selection_required', 400],
  ['request_not_supported', 400],
  ['request_uri_not_supported', 400],
  ['registration_not_supported', 400],
  ['unmet_authentication_requirements', 400],
  ['authentication_required', 401],
  ['invalid_token', 401],
  ['insufficient_scope', 403],
  ['not_found', 404],
  ['method_not_allowed', 405],
  ['request_too_large', 413],
  ['too_many_requests', 429],
  ['server_error', 500],
  ['temporarily_unavailable', 503],
] as const;

it.each(codes)('[81][83][86] %s is %i, with the characters that RFC 6749 §5.2 allows', (code, status) => {
  const error = new OAuthError(code, { reason: 'internal', cause: new Error('cause') });
  expect(error.status).toBe(status);
  expect(Object.keys(error.toJSON())).toEqual(['error', 'error_description']);
  expect(error.toJSON().error).toMatch(/^[a-z_]+$/);
  expect(error.toJSON().error_description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
  expect(JSON.stringify(error)).not.toMatch(/internal|cause/);
});

it('[42] an invalid_client names an authentication scheme', () => {
  expect(OAuthError.invalidClient('unknown_client').headers['WWW-Authenticate']).toMatch(/^Basic realm="[^"]+"/);
});

it('[1] a method_not_allowed names the allowed methods', () => {
  expect(OAuthError.methodNotAllowed('GET, POST').headers).toEqual({ Allow: 'GET, POST' });
});

it('[87][91] retryable errors have Retry-After', () => {
  expect(OAuthError.tooManyRequests(17, 'x').headers['Retry-After']).toBe('17');
  expect(OAuthError.unavailable('database').headers['Retry-After']).toBe('1');
});

it('the texts of invalid_grant and invalid_scope are the same for every reason', () => {
  expect(OAuthError.invalidGrant('unknown').toJSON()).toEqual(OAuthError.invalidGrant('reuse').toJSON());
  expect(OAuthError.invalidScope('malformed').toJSON()).toEqual(OAuthError.invalidScope('scope_exceeded').toJSON());
  expect(OAuthError.invalidClient('a').toJSON()).toEqual(OAuthError.invalidClient('b').toJSON());
});
