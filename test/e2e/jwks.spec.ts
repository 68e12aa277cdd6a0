import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as jose from 'jose';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { startApp, type TestApp } from '../support/test-app.js';

describe('GET /jwks', () => {
  let app: TestApp;
  let response: Response;
  let body: jose.JSONWebKeySet;

  beforeAll(async () => {
    app = await startApp();
    response = await fetch(`${app.url}/jwks`, { headers: { origin: 'https://spa.example' } });
    body = (await response.json()) as jose.JSONWebKeySet;
  }, 60_000);
  afterAll(() => app.close());

  it('[211] /jwks answers a JWK set whose keys have kid, kty, use and alg, and no private member', () => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/jwk-set\+json(;|$)/);
    expect(body.keys).toMatchObject([
      { kty: 'EC', alg: 'ES256' },
      { kty: 'RSA', alg: 'RS256' },
    ]);
    for (const key of body.keys) {
      expect(key).toMatchObject({ kid: expect.any(String), use: 'sig' });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret);
    }
  });

  it('[213] /jwks may be cached for a stated time', () => {
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(response.headers.get('pragma')).toBeNull();
  });

  it('[215] /jwks may be read by scripts of any origin', () => {
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('/jwks has the keys that sign access tokens and ID tokens', () => {
    const ring = app.nest.get(KeyRing, { strict: false });
    expect(body.keys.map(({ kid }) => kid)).toEqual([ring.signingKey().kid, ring.signingKey('RS256').kid]);
  });
});
