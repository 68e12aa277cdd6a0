import { Injectable } from '@nestjs/common';
import type { OAuthError } from '../../oauth/oauth-error.js';
import { AuditService } from '../../platform/audit/audit.service.js';
import type { RequestContext } from '../../platform/http/request-context.js';

/** Authorization requests that cannot be answered, whoever sends them: for the audit log. */
@Injectable()
export class AuthorizationRefusals {
  constructor(private readonly audit: AuditService) {}

  /** @param clientId absent where nobody has the id that was sent, which is not kept: it may be anything */
  record(
    { code, reason, compared }: OAuthError,
    clientId: string | undefined,
    { arrivedAt: at, correlationId }: RequestContext,
  ): Promise<void> {
    const detail = { error: code, ...compared };
    return this.audit.recordRefusal(
      { event: 'authorization.refused', reason, at, clientId, correlationId, detail },
      false,
    );
  }
}
