import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { OPENID } from '../oauth/scope.js';
import { Clock } from '../platform/time/clock.js';
import { builtInScopes } from '../oauth/scope-definition.js';
import { releasedClaims, releasedNames, type UserClaims } from '../users/released-claims.js';
import { UsersService } from '../users/users.service.js';
import type { Authorization } from './authorization.js';
import { accessTokenHashOf, idTokenClaims, readIdTokenHint, type IdTokenHint } from './id-token.js';
import { signJws, verifyJws } from '../keys/jws.js';
import { withUserClaims } from './token-payload.js';

const TYP = 'JWT';

/** Issues ID tokens (OpenID Connect Core §2), and reads those that clients send back as hints. */
@Injectable()
export class IdTokens {
  private readonly logger = new Logger(IdTokens.name);

  constructor(
    private readonly keys: KeyRing,
    private readonly users: UsersService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * @param accessToken issued together with the ID token, which has its hash
   * @returns undefined where the scope has no `openid`, or no user has signed in for this authorization
   */
  async issue({ authentication, ...authorization }: Authorization, accessToken: string): Promise<string | undefined> {
    if (!authentication || !authorization.scope.includes(OPENID)) return undefined;
    const released = await this.released(authorization);
    const key = this.keys.signingKey(authorization.client.idTokenSignedResponseAlg);
    const hash = accessTokenHashOf(accessToken, key.algorithm);
    const user = { ...authorization, authentication };
    const own = idTokenClaims(user, this.config.issuer, this.clock.now(), hash);
    const { payload, missing } = withUserClaims(own, released);
    if (missing.length > 0) {
      this.logger.warn({ msg: 'claims do not fit into the ID token', claims: missing, client_id: own.aud });
    }
    return signJws(TYP, payload, key);
  }

  /**
   * Reads an ID token that comes back as `id_token_hint`. It may have expired: it only identifies the user.
   * @returns undefined if it is not an ID token of ours, or its signing key is gone
   */
  async readHint(token: string): Promise<IdTokenHint | undefined> {
    const payload = await this.keys.reading(({ verificationKey }) => verifyJws(token, TYP, verificationKey));
    return payload && readIdTokenHint(payload, this.config.issuer);
  }

  private async released(authorization: Omit<Authorization, 'authentication'>): Promise<UserClaims> {
    const names = releasedNames('id_token', authorization, builtInScopes);
    if (names.length === 0) return {};
    return releasedClaims(authorization.userClaims ?? (await this.users.claimsOf(authorization.subject)) ?? {}, names);
  }
}
