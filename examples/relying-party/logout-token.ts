/** Validates logout tokens (OpenID Connect Back-Channel Logout §2.6). */
import { jwtVerify, type JWTVerifyGetKey } from 'jose';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAX_AGE_SECONDS = 120;

export interface LogoutToken {
  readonly sid?: string | undefined;
  readonly sub?: string | undefined;
}

/** A replayed token is harmless, because a session ends only once, so no `jti` is stored. */
export class LogoutTokens {
  constructor(
    private readonly keys: () => Promise<JWTVerifyGetKey>,
    private readonly expected: { readonly issuer: string; readonly clientId: string },
  ) {}

  /** @throws Error unless it is a logout token of the issuer for this client */
  async read(token: string): Promise<LogoutToken> {
    const { payload } = await jwtVerify(token, await this.keys(), {
      issuer: this.expected.issuer,
      audience: this.expected.clientId,
      typ: 'logout+jwt', // so that no ID token is accepted
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: 30,
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
    });
    const { sid, sub, events } = payload;
    if (typeof events !== 'object' || !(EVENT in events!)) throw new Error('not about a logout');
    if ('nonce' in payload) throw new Error('a logout token has no nonce');
    if (typeof sid !== 'string' && sub === undefined) throw new Error('neither a session nor a user');
    return { sid: typeof sid === 'string' ? sid : undefined, sub };
  }
}
