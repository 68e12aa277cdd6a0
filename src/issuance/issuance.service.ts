import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { formatScope, OPENID } from '../oauth/scope.js';
import { Clock } from '../platform/time/clock.js';
import { ScopeCatalog } from '../scopes/scope-catalog.service.js';
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
import { accessTokenHashOf, idTokenClaims, readIdTokenHint, type IdTokenClaims, type IdTokenHint } from './id-token.js';
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
const ACCESS_TOKEN_TYPS = ['at+jwt', 'JWT'] as const;
const ID_TOKEN_TYP = 'JWT';

/** Issues access tokens and ID tokens from authorizations, and reads them back. Makes no decisions. */
@Injectable()
export class IssuanceService {
  private readonly logger = new Logger(IssuanceService.name);

  constructor(
    private readonly keys: KeyRing,
    private readonly users: UsersService,
    private readonly scopes: ScopeCatalog,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async issue(authorization: Authorization): Promise<TokenResponse> {
    const claims = this.claimsFor(authorization);
    const accessToken = await this.accessToken(claims, authorization);
    const idToken = await this.idToken(authorization, accessToken);
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      // Issued by the database's clock, which may be ahead of this one: never more than the token's whole lifetime.
      expires_in: Math.min(claims.exp - claims.iat, Math.max(0, claims.exp - Math.floor(this.clock.now() / 1000))),
      scope: claims.scope,
      ...(authorization.refreshToken !== undefined && { refresh_token: authorization.refreshToken }),
      ...(idToken !== undefined && { id_token: idToken }),
    };
  }

  /** @returns the access token if it is ours, intact and unexpired; never throws on garbage */
  async readAccessToken(token: string): Promise<AccessToken | undefined> {
    const payload = await this.keys.reading(({ tokenKey, verificationKey }) =>
      looksOpaque(token) ? openOpaque(token, tokenKey) : verifyJws(token, ACCESS_TOKEN_TYPS, verificationKey),
    );
    return payload && readClaims(payload, this.config.issuer, this.clock.now());
  }

  /**
   * Reads an ID token that comes back as `id_token_hint`. It may have expired: it only identifies the user.
   * @returns undefined if it is not an ID token of ours, or its signing key is gone
   */
  async readIdTokenHint(token: string): Promise<IdTokenHint | undefined> {
    const payload = await this.keys.reading(({ verificationKey }) => verifyJws(token, ID_TOKEN_TYP, verificationKey));
    return payload && readIdTokenHint(payload, this.config.issuer);
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

  private async accessToken(claims: AccessTokenClaims, authorization: Authorization): Promise<string> {
    const { client } = authorization;
    const wantsUserClaims = client.accessTokenClaims.length > 0 || client.releasesIntoAccessTokens;
    const payload = wantsUserClaims ? await this.withUserClaims('access_token', claims, authorization) : claims;
    return client.accessTokenFormat === 'jwt'
      ? signJws(client.accessTokenTyp, payload, this.keys.signingKey())
      : sealOpaque(payload, this.keys.mintingTokenKey());
  }

  /**
   * @param accessToken issued together with the ID token, which has its hash
   * @returns undefined where the scope has no `openid`, or no user has signed in for this authorization
   */
  private async idToken(authorization: Authorization, accessToken: string): Promise<string | undefined> {
    const { client, scope, authentication } = authorization;
    if (!authentication || !scope.includes(OPENID)) return undefined;
    const key = this.keys.signingKey(client.idTokenSignedResponseAlg);
    const hash = accessTokenHashOf(accessToken, key.algorithm);
    const claims = idTokenClaims({ ...authorization, authentication }, this.config.issuer, this.clock.now(), hash);
    return signJws(ID_TOKEN_TYP, await this.withUserClaims('id_token', claims, authorization), key);
  }

  /** Adds the user's claims as they are now. A token that has none of them costs no read of the user. */
  private async withUserClaims<Claims extends AccessTokenClaims | IdTokenClaims>(
    into: 'access_token' | 'id_token',
    claims: Claims,
    authorization: Authorization,
  ): Promise<Claims> {
    const { client, subject, userClaims } = authorization;
    const release = { ...authorization, audience: [claims.aud].flat() };
    const names = releasedNames(into, release, await this.scopes.definitions());
    if (names.length === 0) return claims;
    const all = userClaims ?? (await this.users.claimsOf(subject)) ?? {};
    const released = releasedClaims(all, names, client.claimNames);
    const { payload, missing } = withUserClaims(claims, released);
    if (missing.length > 0) {
      const msg = `claims do not fit into the ${into === 'id_token' ? 'ID token' : 'access token'}`;
      this.logger.warn({ msg, claims: missing, client_id: client.clientId });
    }
    return payload;
  }
}
