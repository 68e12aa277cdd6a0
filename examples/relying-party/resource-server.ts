/**
 * A resource server: an API that accepts access tokens of the issuer. It runs in the client's process, but shares nothing with
 * it and could be anywhere. It verifies JWTs itself (RFC 9068 §4), so it accepts revoked tokens until they expire; an API that
 * must notice a revocation at once uses the issuer's introspection endpoint.
 */
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { json, type Answer } from './answer.js';

const REQUIRED_SCOPE = 'read';

export class ResourceServer {
  constructor(
    private readonly keys: () => Promise<JWTVerifyGetKey>,
    private readonly expected: { readonly issuer: string; readonly audience: string },
  ) {}

  /** `GET /api/hello`: returns the caller's identity. @param authorization the header */
  async hello(authorization: string | undefined): Promise<Answer> {
    const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) return challenge(401);
    const claims = await this.verify(token);
    if (!claims) return challenge(401, 'invalid_token');
    const scope = typeof claims['scope'] === 'string' ? claims['scope'] : '';
    if (!scope.split(' ').includes(REQUIRED_SCOPE)) return challenge(403, 'insufficient_scope');
    return json(200, { hello: claims.sub, client_id: claims['client_id'], scope, audience: claims.aud });
  }

  private async verify(token: string): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(token, await this.keys(), {
        ...this.expected,
        typ: 'at+jwt', // so that no ID token is accepted
        requiredClaims: ['sub', 'client_id', 'exp', 'iat', 'jti'],
      });
      return payload;
    } catch (error) {
      // Other errors are not about the token, for example if the keys cannot be loaded.
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
      throw error;
    }
  }
}

/** RFC 6750 §3 */
function challenge(status: 401 | 403, error?: string): Answer {
  const header = error === undefined ? 'Bearer' : `Bearer error="${error}"`;
  return { ...json(status, error === undefined ? {} : { error }), headers: { 'www-authenticate': header } };
}
