import { Injectable } from '@nestjs/common';
import type { AuditEvent } from '../platform/audit/audit-event.js';
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

  /**
   * @param client undefined for an unknown id. That is audited as well, because a refusal must take the same time whether the
   *   client is known or not (RFC 6749 §5.2); but without the id, which may be a secret in the wrong field
   * @throws OAuthError too_many_requests while this source is blocked, for this client or for all: then nothing is written
   */
  async note(client: Client | undefined, presentedId: string, reason: string, context: RequestContext): Promise<void> {
    this.limits.check(presentedId, context.source, client?.clientId);
    this.metrics.clientAuthenticationFailures.inc({ reason });
    await this.limits.count(presentedId, context.source);
    await this.audit.record(this.eventOf(client?.clientId, reason, context));
  }

  /** For a caller with the right secret. Not counted as a failure, so the audit events are limited instead. */
  async noteProven({ clientId }: Client, reason: string, context: RequestContext): Promise<void> {
    this.metrics.clientAuthenticationFailures.inc({ reason });
    await this.audit.recordRefusal(this.eventOf(clientId, reason, context), false);
  }

  private eventOf(clientId: string | undefined, reason: string, { correlationId }: RequestContext): AuditEvent {
    return { event: 'client.authentication_failed', at: this.clock.now(), clientId, reason, correlationId };
  }
}
