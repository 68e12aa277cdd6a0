import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.js';
import { mintRefreshToken } from '../families/refresh-token.js';
import type { TokenFamily } from '../families/token-family.js';
import type { Authorization } from '../issuance/authorization.js';
import { derivedIdentity, randomIdentity } from '../issuance/access-token.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { RootKey } from '../keys/root-key.js';
import { intersection } from '../oauth/scope.js';
import { Clock } from '../platform/time/clock.js';
import type { Presented } from './rotation.js';
import type { Rotated } from './token-family.repository.js';

/** The authorization of a family after a rotation, by a refresh token or a code. */
@Injectable()
export class FamilyAuthorizations {
  private readonly identityKey: Buffer;

  constructor(
    private readonly keys: KeyRing,
    private readonly clock: Clock,
    rootKey: RootKey,
  ) {
    this.identityKey = rootKey.derive('token-identity');
  }

  /** @param written when this request wrote the family; for a retry, when the first request did */
  of(
    client: Client,
    family: TokenFamily,
    written: Pick<Rotated, 'rotates' | 'at'>,
    asked: Pick<Presented, 'scope' | 'resource'>,
  ): Authorization {
    const { handle, generation, grant } = family;
    const resource = asked.resource ?? intersection(grant.resource, family.clientAudience);
    return {
      client,
      subject: family.subject,
      scope: asked.scope ?? intersection(family.scope, family.clientScopes),
      familyId: family.familyId,
      notAfter: family.absoluteExpiresAt,
      ...this.identity(family, written, client.accessTokenTtlSeconds),
      ...(grant.offline && { refreshToken: mintRefreshToken({ handle, generation }, this.keys.mintingTokenKey()) }),
      ...(resource.length > 0 && { resource }),
      ...(grant.authentication && { authentication: grant.authentication }),
      ...(grant.claims && { requestedClaims: grant.claims }),
    };
  }

  /**
   * A retry gets an access token with the `jti` of the first answer, or a new one if the first token has expired, or if the
   * tokens do not rotate, so that the generation does not distinguish refreshes. The time in the `jti` is always that of the
   * write: a revocation that overtakes this answer is later, and must hit this token too.
   */
  private identity(
    { familyId, generation }: TokenFamily,
    { rotates, at }: Pick<Rotated, 'rotates' | 'at'>,
    ttlSeconds: number,
  ) {
    const now = this.clock.now();
    if (!rotates || at + ttlSeconds * 1000 <= now) return { jti: randomIdentity(at), issuedAt: now };
    return { jti: derivedIdentity(familyId, generation, at, this.identityKey), issuedAt: at };
  }
}
