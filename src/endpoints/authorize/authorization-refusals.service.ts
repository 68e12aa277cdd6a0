import { Injectable } from '@nestjs/common';
import type { OAuthError } from '../../oauth/oauth-error.js';
import { AuditService } from '../../platform/audit/audit.service.js';
import { auditedOf, type RequestContext } from '../../platform/http/request-context.js';

/** Audits refused authorization requests. */
@Injectable()
export class AuthorizationRefusals {
  constructor(private readonly audit: AuditService) {}

  /** @param clientId absent for an unknown id, which is not recorded because it may be any text */
  record({ code, reason, compared }: OAuthError, clientId: string | undefined, context: RequestContext): Promise<void> {
    const detail = { error: code, ...compared };
    return this.audit.recordRefusal(
      { event: 'authorization.refused', reason, at: context.arrivedAt, clientId, ...auditedOf(context), detail },
      false,
    );
  }
}
