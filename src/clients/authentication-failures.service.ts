import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import type { RequestContext } from '../platform/http/request-context.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import type { Client } from './client.js';
import { FailedAuthentications } from './failed-authentications.service.js';

/** What follows a failed client authentication: it counts against its source, and it leaves a trace. */
@Injectable()
export class AuthenticationFailures {
  constructor(
    private readonly limits: FailedAuthentications,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** @throws OAuthError too_many_requests while this client is refused from this source, or the source altogether */
  check(clientId: string, { source }: RequestContext): void {
    this.limits.check(clientId, source);
  }

  /**
   * @param client undefined where the id is nobody's. It leaves a trace as well, for a refusal must take the same time
   *   whether the client is known or not (RFC 6749 §5.2); but not its id, which a stranger has made up, or which is a secret
   *   in the wrong place
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
