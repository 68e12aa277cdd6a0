import { Injectable } from '@nestjs/common';
import type { Client } from '../../../clients/client.js';
import { Config } from '../../../platform/config/config.js';
import type { Authorization } from '../../../issuance/authorization.js';
import { derivedIdentity, randomIdentity } from '../../../issuance/token-identity.js';
import { deriveKey } from '../../../keys/master-key.js';
import type { Refreshed } from '../../../refresh/refreshed.js';
import { Clock } from '../../../platform/time/clock.js';

/** What a family that has just moved on authorizes: the same whether a code or a refresh token moved it. */
@Injectable()
export class FamilyAuthorizations {
  private readonly identityKey: Buffer;

  constructor(
    private readonly clock: Clock,
    config: Config,
  ) {
    this.identityKey = deriveKey(config.secret, 'token-identity');
  }

  of(client: Client, refreshed: Refreshed): Authorization {
    const { offline, resource, claims, authentication } = refreshed.grant;
    return {
      client,
      subject: refreshed.subject,
      scope: refreshed.scope,
      sid: refreshed.sid,
      notAfter: refreshed.absoluteExpiresAt,
      ...this.identity(refreshed, client.accessTokenTtlSeconds),
      ...(offline && { refreshToken: refreshed.refreshToken }),
      ...(resource.length > 0 && { resource }),
      ...(authentication && { authentication }),
      ...(claims && { requestedClaims: claims }),
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
