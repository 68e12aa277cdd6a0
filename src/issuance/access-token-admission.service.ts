import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { AccessToken } from './access-token.js';
import { AccessTokenService } from './access-token.service.js';
import { insufficientScope, invalidToken } from '../oauth/bearer-token.js';
import { RevocationService } from '../revocation/revocation.service.js';

/** Checks the access tokens of this server's own protected routes (RFC 9068 §4). The routes extract the token from the request. */
@Injectable()
export class AccessTokenAdmission {
  constructor(
    private readonly accessTokens: AccessTokenService,
    private readonly revocations: RevocationService,
    private readonly config: Config,
  ) {}

  /**
   * @returns the token if it is ours, valid, issued for this server, and has the scope
   * @throws OAuthError invalid_token, insufficient_scope (RFC 6750 §3.1)
   */
  async admit(presented: string, scope: string): Promise<AccessToken> {
    const token = await this.accessTokens.read(presented);
    if (!token) throw invalidToken('unreadable_access_token');
    const { audience, clientId } = token;
    if (!audience.includes(this.config.issuer)) throw invalidToken('foreign_audience', clientId);
    if (await this.revocations.isRevoked(token)) throw invalidToken('revoked_access_token', clientId);
    if (!token.scope.includes(scope)) throw insufficientScope(scope, clientId);
    return token;
  }
}
