import { describe, expect, it } from '@jest/globals';
import { OAuthError } from '../oauth/oauth-error.js';
import { diagnosisOf, UnusableUpstream, upstreamFailure } from './upstream-failure.js';

describe('a failure of the upstream provider', () => {
  it.each([
    ['a provider that cannot be reached', new TypeError('fetch failed'), 503, 'upstream_away'],
    ['an unusable provider', new UnusableUpstream('its issuer'), 503, 'upstream_away'],
    ['any other error', undefined, 503, 'upstream_away'],
  ])('an upstream failure: %s', (_, thrown, status, reason) => {
    expect(upstreamFailure(thrown)).toMatchObject({ status, reason });
  });

  it('an error of our own is unchanged', () => {
    const error = new OAuthError('not_found');
    expect(upstreamFailure(error)).toBe(error);
  });

  it('an upstream failure is diagnosed by codes, never by the provider’s text', () => {
    const of = (cause: unknown) =>
      diagnosisOf(new OAuthError('invalid_request', { reason: 'upstream_refused', cause }));
    const saying = (error: unknown) =>
      Object.assign(new Error('x'), { error, error_description: 'y', code: 'OAUTH_X' });
    const told = { reason: 'upstream_refused', code: 'OAUTH_X', upstream_error: 'invalid_scope' };
    expect(of(saying('invalid_scope'))).toEqual(told);
    expect(of(new UnusableUpstream('no metadata', saying('invalid_scope')))).toEqual(told);
    for (const said of ['<b>', 'a b', 'a\nb', 'x'.repeat(65), 7, null]) {
      expect(of(saying(said)).upstream_error).toBeUndefined();
    }
    expect(of(undefined)).toEqual({ reason: 'upstream_refused', code: undefined, upstream_error: undefined });
  });
});
