import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { Authorization } from '../../issuance/authorization.js';
import { derivedIdentity, randomIdentity } from '../../issuance/token-identity.js';
import { deriveKey } from '../../keys/master-key.js';
import { RefreshService, type Refreshed } from '../../refresh/refresh.service.js';
import { Clock } from '../../time/clock.js';
import { RefreshTokenRequestDto } from '../token-request.dto.js';
import { Grant, type GrantRequest } from './grant.js';

/** RFC 6749 §6: a refresh token for a new access token, and its own successor. */
@Injectable()
export class RefreshTokenGrant extends Grant<RefreshTokenRequestDto> {
  readonly type = 'refresh_token';
  readonly parameters = RefreshTokenRequestDto;
  private readonly identityKey: Buffer;

  constructor(
    private readonly refreshes: RefreshService,
    private readonly clock: Clock,
    config: Config,
  ) {
    super();
    this.identityKey = deriveKey(config.secret, 'token-identity');
  }

  async authorize({
    client,
    scope,
    parameters,
    context,
  }: GrantRequest<RefreshTokenRequestDto>): Promise<Authorization> {
    const refreshed = await this.refreshes.redeem(client, parameters.refresh_token, scope, context);
    return {
      client,
      subject: refreshed.subject,
      scope: refreshed.scope,
      sid: refreshed.sid,
      notAfter: refreshed.absoluteExpiresAt,
      refreshToken: refreshed.refreshToken,
      ...this.identity(refreshed, client.accessTokenTtlSeconds),
    };
  }

  /**
   * A retry gets an access token with the identity of the first answer's. Where that one would be over by now, or where
   * generations do not tell one refresh from the next, the identity is a new one. It says "born" when the family was
   * written all the same: a revocation that overtakes this answer is later than that, and must hit this token too.
   */
  private identity({ sid, generation, rotates, usedAt }: Refreshed, ttlSeconds: number) {
    const now = this.clock.now();
    if (!rotates || usedAt + ttlSeconds * 1000 <= now) return { jti: randomIdentity(usedAt), bornAt: now };
    return { jti: derivedIdentity(sid, generation, usedAt, this.identityKey), bornAt: usedAt };
  }
}
