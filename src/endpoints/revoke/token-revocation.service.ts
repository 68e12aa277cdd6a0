import { Injectable } from '@nestjs/common';
import { AuditService } from '../../platform/audit/audit.service.js';
import type { Client } from '../../clients/client.js';
import { auditedOf, type RequestContext } from '../../platform/http/request-context.js';
import { IssuanceService } from '../../issuance/issuance.service.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { RefreshService } from '../../refresh/refresh.service.js';
import { looksLikeRefreshToken } from '../../families/refresh-token.js';
import { Clock } from '../../platform/time/clock.js';
import { RevocationService } from '../../revocation/revocation.service.js';

const REASON = 'client_request';

/**
 * Revokes a client's own token. A refresh token of any generation revokes its family with all access tokens (RFC 7009 §2.1); an
 * access token is revoked alone, and its family stays valid.
 */
@Injectable()
export class TokenRevocationService {
  constructor(
    private readonly revocations: RevocationService,
    private readonly refreshes: RefreshService,
    private readonly issuance: IssuanceService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws OAuthError invalid_grant for another client's token, which stays valid; errors of the database */
  revoke(client: Client, token: string, context: RequestContext): Promise<void> {
    return looksLikeRefreshToken(token)
      ? this.revokeRefreshToken(client, token, context)
      : this.revokeAccessToken(client, token, context);
  }

  private async revokeRefreshToken(client: Client, token: string, context: RequestContext): Promise<void> {
    const found = await this.refreshes.find(token);
    if (!found) return;
    const { clientId, familyId, subject, revokedReason } = found.family;
    if (clientId !== client.clientId) return this.refuse(client, { familyId, subject }, context);
    if (revokedReason !== null) return;
    await this.revocations.revoke([{ kind: 'family', value: familyId, reason: REASON, actor: `client:${clientId}` }], {
      event: 'revocation.created',
      reason: 'refresh_token',
      clientId,
      familyId,
      subject,
      ...auditedOf(context),
    });
  }

  private async revokeAccessToken(client: Client, token: string, context: RequestContext): Promise<void> {
    const found = await this.issuance.readAccessToken(token);
    if (!found) return this.revokeRefreshToken(client, token, context); // it may be one of another server, imported
    const { clientId, jti, familyId, subject, issuedAt } = found;
    if (clientId !== client.clientId) return this.refuse(client, { familyId, subject }, context);
    if (await this.revocations.isRevoked(found)) return;
    await this.revocations.revoke(
      [{ kind: 'token', value: jti, reason: REASON, actor: `client:${clientId}`, notBefore: issuedAt + 1 }],
      {
        event: 'revocation.created',
        reason: 'access_token',
        clientId,
        familyId,
        subject,
        ...auditedOf(context),
        detail: { jti },
      },
    );
  }

  /** RFC 7009 §2.1: the request is refused, and the client is informed of the error. */
  private async refuse(
    { clientId, type }: Client,
    { familyId, subject }: { familyId: string | undefined; subject: string },
    context: RequestContext,
  ): Promise<never> {
    const at = this.clock.now();
    const event = {
      event: 'revocation.refused',
      reason: 'client_mismatch',
      at,
      clientId,
      familyId,
      subject,
      ...auditedOf(context),
    } as const;
    await this.audit.recordRefusal(event, type === 'confidential');
    throw OAuthError.invalidGrant('client_mismatch');
  }
}
