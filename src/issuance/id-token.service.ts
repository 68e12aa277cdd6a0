import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { OPENID } from '../oauth/scope.js';
import { Clock } from '../platform/time/clock.js';
import { releasedClaims } from '../users/released-claims.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import { UsersService } from '../users/users.service.js';
import type { Authorization } from './authorization.js';
import { accessTokenHashOf, idTokenClaims, readIdTokenHint, type IdTokenHint } from './id-token.js';
import { signJws, verifyJws } from '../keys/jws.js';

const TYP = 'JWT';

/** What tells a client who has signed in (OpenID Connect Core §2), and what it may later hint at with it. */
@Injectable()
export class IdTokens {
  constructor(
    private readonly keys: KeyRing,
    private readonly users: UsersService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * @param accessToken what is issued with it: the ID token vouches for it
   * @returns undefined where the scope has no `openid`, or no user has signed in for this authorization
   */
  async issue({ authentication, ...authorization }: Authorization, accessToken: string): Promise<string | undefined> {
    if (!authentication || !authorization.scope.includes(OPENID)) return undefined;
    const released = await this.released(authorization);
    const key = this.keys.signingKey(authorization.client.idTokenSignedResponseAlg);
    const hash = accessTokenHashOf(accessToken, key.algorithm);
    const user = { ...authorization, authentication };
    return signJws(TYP, idTokenClaims(user, this.config.issuer, this.clock.now(), hash, released), key);
  }

  /**
   * An ID token that comes back as `id_token_hint`. It may have expired: it says who was meant, and gives no access.
   * @returns undefined for whatever is no ID token of ours, or was signed with a key that is gone
   */
  async readHint(token: string): Promise<IdTokenHint | undefined> {
    const payload = await this.keys.reading(({ verificationKey }) => verifyJws(token, TYP, verificationKey));
    return payload && readIdTokenHint(payload, this.config.issuer);
  }

  private async released({ subject, requestedClaims, userClaims }: Authorization): Promise<StandardClaims> {
    const names = requestedClaims?.id_token ?? [];
    return names.length === 0 ? {} : releasedClaims(userClaims ?? (await this.users.claimsOf(subject)) ?? {}, names);
  }
}
