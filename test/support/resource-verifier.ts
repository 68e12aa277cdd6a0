import { createLocalJWKSet, jwtVerify, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import { send } from './requests.js';
import type { TestApp } from './test-app.js';

/** Verifies a token like a resource server with cached keys (RFC 9068 §4). @throws errors of jose */
export async function verifyAtResource(
  app: Pick<TestApp, 'url' | 'issuer' | 'clock'>,
  accessToken: string,
  options: JWTVerifyOptions = {},
): Promise<JWTVerifyResult> {
  const { body } = await send(`${app.url}/jwks`);
  return jwtVerify(accessToken, createLocalJWKSet(body), {
    issuer: app.issuer,
    typ: 'at+jwt',
    requiredClaims: ['exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    currentDate: new Date(app.clock.now()),
    ...options,
  });
}
