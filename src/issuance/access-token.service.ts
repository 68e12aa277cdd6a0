import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { formatScope } from '../oauth/scope.js';
import { builtInScopes } from '../oauth/scope-definition.js';
import { Clock } from '../platform/time/clock.js';
import { releasedClaims, releasedNames } from '../users/released-claims.js';
import { UsersService } from '../users/users.service.js';
import {
  audienceOf,
  authenticationClaims,
  readClaims,
  type AccessToken,
  type AccessTokenClaims,
} from './access-token.js';
import type { Authorization } from './authorization.js';
import { signJws, verifyJws } from '../keys/jws.js';
import { looksOpaque, openOpaque, sealOpaque } from './opaque-token.js';
import { withUserClaims } from './token-payload.js';

/** RFC 6749 §5.1; members that do not apply are absent. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
  /** OpenID Connect Core §3.1.3.3. */
  readonly id_token?: string;
}

/** What `access_token_typ` can be. An ID token is a JWT, too: what tells them apart is in the claims. */
const TYPS = ['at+jwt', 'JWT'] as const;

/** Issues access tokens from authorizations, and reads them back. Makes no decisions. */
@Injectable()
export class AccessTokenService {
  private readonly logger = new Logger(AccessTokenService.name);

  constructor(
    private readonly keys: KeyRing,
    private readonly users: UsersService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async issue(authorization: Authorization): Promise<TokenResponse> {
    const claims = this.claimsFor(authorization);
    const payload = await this.withUserClaims(claims, authorization);
    const accessToken =
      authorization.client.accessTokenFormat === 'jwt'
        ? await signJws(authorization.client.accessTokenTyp, payload, this.keys.signingKey())
        : sealOpaque(payload, this.keys.mintingTokenKey());
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      // Issued by the database's clock, which may be ahead of this one: never more than the token's whole lifetime.
      expires_in: Math.min(claims.exp - claims.iat, Math.max(0, claims.exp - Math.floor(this.clock.now() / 1000))),
      scope: claims.scope,
      ...(authorization.refreshToken !== undefined && { refresh_token: authorization.refreshToken }),
    };
  }

  /** @returns the token if it is ours, intact and unexpired; never throws on garbage */
  async read(token: string): Promise<AccessToken | undefined> {
    const payload = await this.keys.reading(({ tokenKey, verificationKey }) =>
      looksOpaque(token) ? openOpaque(token, tokenKey) : verifyJws(token, TYPS, verificationKey),
    );
    return payload && readClaims(payload, this.config.issuer, this.clock.now());
  }

  /** As they are now. A client that wants none costs no read of the user. */
  private async withUserClaims(claims: AccessTokenClaims, authorization: Authorization): Promise<AccessTokenClaims> {
    const { client, subject, userClaims } = authorization;
    if (client.accessTokenClaims.length === 0) return claims;
    const audience = [claims.aud].flat();
    const names = releasedNames('access_token', { ...authorization, audience }, builtInScopes);
    if (names.length === 0) return claims;
    const released = releasedClaims(userClaims ?? (await this.users.claimsOf(subject)) ?? {}, names);
    const { payload, missing } = withUserClaims(claims, released);
    if (missing.length > 0) {
      this.logger.warn({ msg: 'claims do not fit into the access token', claims: missing, client_id: client.clientId });
    }
    return payload;
  }

  private claimsFor(authorization: Authorization): AccessTokenClaims {
    const { client, subject, scope, jti, issuedAt, notAfter, familyId, authentication } = authorization;
    const iat = Math.floor(issuedAt / 1000);
    const exp = iat + client.accessTokenTtlSeconds;
    const audience = audienceOf(authorization, this.config.issuer);
    return {
      iss: this.config.issuer,
      sub: subject,
      aud: audience.length === 1 ? audience[0]! : audience,
      client_id: client.clientId,
      scope: formatScope(scope),
      iat,
      exp: notAfter === undefined ? exp : Math.min(exp, Math.floor(notAfter / 1000)),
      jti,
      ...(familyId !== undefined && { family_id: familyId }),
      ...(authentication && authenticationClaims(authentication)),
    };
  }
}
