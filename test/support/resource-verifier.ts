import { createLocalJWKSet, jwtVerify, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import { send } from './requests.js';
import type { TestApp } from './test-app.js';

/** What a resource server does that has fetched the keys and asks nobody (RFC 9068 §4). @throws what jose says */
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
