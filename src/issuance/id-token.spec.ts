import { describe, expect, it } from '@jest/globals';
import type { Client } from '../clients/client.js';
import { accessTokenHashOf, ID_TOKEN_TTL_SECONDS, idTokenClaims, readIdTokenHint } from './id-token.js';

const ISSUER = 'https://id.example';
const NOW = Date.UTC(2030, 0, 1) + 999;

const user = {
  client: { clientId: 'c1' } as Client,
  subject: 'u1',
  authentication: { sessionId: 's1', authTime: NOW - 5_000, acr: 'urn:rekey:password', amr: ['pwd'] },
};

describe('at_hash', () => {
  // OpenID Connect Core A.4, and the example of the package oidc-token-hash.
  const CORE = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
  const OTHER =
    'YmJiZTAwYmYtMzgyOC00NzhkLTkyOTItNjJjNDM3MGYzOWIy9sFhvH8K_x8UIHj1osisS57f5DduL-ar_qw5jl3lthwpMjm283aVMQXDmoqqqydDSqJfbhptzw8rUVwkuQbolw';

  it.each([
    ['RS256', CORE, '77QmUPtjPfzWtF2AnpK9RQ'],
    ['RS256', OTHER, 'x7vk7f6BvQj0jQHYFIk4ag'],
    ['PS256', OTHER, 'x7vk7f6BvQj0jQHYFIk4ag'],
    ['ES256', OTHER, 'x7vk7f6BvQj0jQHYFIk4ag'],
    ['EdDSA', OTHER, 'EGEAhGYyfuwDaVTifvrWSoD5MSy_5hZPy6I7Vm-7pTQ'],
  ] as const)('at_hash is half of the hash that belongs to %s', (algorithm, accessToken, hash) => {
    expect(accessTokenHashOf(accessToken, algorithm)).toBe(hash);
  });
});

describe('the claims', () => {
  it('the times are whole seconds, and the token lasts an hour at most', () => {
    const { iat, exp, auth_time } = idTokenClaims(user, ISSUER, NOW, 'h');
    const seconds = Math.floor(NOW / 1000);
    expect({ iat, exp, auth_time }).toEqual({
      iat: seconds,
      exp: seconds + ID_TOKEN_TTL_SECONDS,
      auth_time: seconds - 5,
    });
    expect(ID_TOKEN_TTL_SECONDS).toBeLessThanOrEqual(3600);
  });
});

describe('a hint', () => {
  it('a hint says who signed in where, and when', () => {
    const claims = idTokenClaims(user, ISSUER, NOW, 'h');
    expect(readIdTokenHint({ ...claims }, ISSUER)).toEqual({
      subject: 'u1',
      clientId: 'c1',
      sessionId: 's1',
      authTime: Math.floor((NOW - 5_000) / 1000) * 1000,
    });
  });

  it.each(['https://id.example/', 'https://other.example', undefined])('a hint of the issuer %s is refused', (iss) => {
    expect(readIdTokenHint({ ...idTokenClaims(user, ISSUER, NOW, 'h'), iss }, ISSUER)).toBeUndefined();
  });
});
