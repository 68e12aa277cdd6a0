import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import type { RequestContext } from '../platform/http/request-context.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import type { Client } from './client.js';
import { FailedAuthentications } from './failed-authentications.service.js';

/** Counts failed client authentications against their source, and records them in the audit log. */
@Injectable()
export class AuthenticationFailures {
  constructor(
    private readonly limits: FailedAuthentications,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** @throws OAuthError too_many_requests while this source is blocked, for this client or for all */
  check(clientId: string, { source }: RequestContext): void {
    this.limits.check(clientId, source);
  }

  /**
   * @param client undefined for an unknown id. That is audited as well, because a refusal must take the same time whether the
   *   client is known or not (RFC 6749 §5.2); but without the id, which may be a secret in the wrong field
   */
  async note(client: Client | undefined, presentedId: string, reason: string, context: RequestContext): Promise<void> {
    this.metrics.clientAuthenticationFailures.inc({ reason });
    await this.limits.count(presentedId, context.source);
    const { correlationId } = context;
    const clientId = client?.clientId;
    await this.audit.record({
      event: 'client.authentication_failed',
      at: this.clock.now(),
      clientId,
      reason,
      correlationId,
    });
  }
}
