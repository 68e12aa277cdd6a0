import { Injectable } from '@nestjs/common';
import type { AuditEvent } from '../platform/audit/audit-event.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { Config } from '../platform/config/config.js';
import { auditedOf, type RequestContext } from '../platform/http/request-context.js';
import { FailureCounters, type FailureCounter } from '../platform/limits/failure-counter.service.js';
import { sourceKey } from '../platform/limits/source-key.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import { OAuthError } from '../oauth/oauth-error.js';
import type { Client } from './client.js';

const WINDOW_SECONDS = 60;

/** One source may have this many times the failures of one client: a proxy has many clients behind it. */
const SOURCE_FACTOR = 10;

/**
 * Counts failed client authentications by (client, source) and by source, and blocks either for the rest of a minute after
 * too many (RFC 6749 §2.3.1). Never by client alone: an attacker could lock the client out. Also records them in the audit log.
 */
@Injectable()
export class FailedAuthentications {
  private readonly byClient: FailureCounter;
  private readonly bySource: FailureCounter;

  constructor(
    config: Config,
    counters: FailureCounters,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    const failures = config.failedAuthenticationsPerMinute;
    this.byClient = counters.counter({ name: 'client', failures, windowSeconds: WINDOW_SECONDS });
    this.bySource = counters.counter({
      name: 'source',
      failures: failures * SOURCE_FACTOR,
      windowSeconds: WINDOW_SECONDS,
    });
  }

  /**
   * @param client undefined for an unknown id. That is audited as well, because a refusal must take the same time whether the
   *   client is known or not (RFC 6749 §5.2); but without the id, which may be a secret in the wrong field
   * @throws OAuthError too_many_requests while this source is blocked, for this client or for all: then nothing is written
   */
  async note(client: Client | undefined, presentedId: string, reason: string, context: RequestContext): Promise<void> {
    this.demandUnblocked(client, presentedId, context);
    const ofClient = clientKey(presentedId, context.source);
    const ofSource = sourceKey(context.source);
    this.metrics.clientAuthenticationFailures.inc({ reason });
    await Promise.all([this.byClient.count(ofClient), this.bySource.count(ofSource)]);
    await this.audit.record(this.eventOf(client?.clientId, reason, context));
  }

  /** @throws OAuthError too_many_requests while this source is blocked, for this client or for all */
  demandUnblocked(client: Client | undefined, presentedId: string, { source }: RequestContext): void {
    const seconds =
      this.byClient.waitSeconds(clientKey(presentedId, source)) || this.bySource.waitSeconds(sourceKey(source));
    if (seconds > 0) throw OAuthError.tooManyRequests(seconds, 'failed_authentications', client?.clientId);
  }

  /** For a caller with the right secret. Not counted as a failure, so the audit events are limited instead. */
  async noteProven({ clientId }: Client, reason: string, context: RequestContext): Promise<void> {
    this.metrics.clientAuthenticationFailures.inc({ reason });
    await this.audit.recordRefusal(this.eventOf(clientId, reason, context), false);
  }

  private eventOf(clientId: string | undefined, reason: string, context: RequestContext): AuditEvent {
    return { event: 'client.authentication_failed', at: this.clock.now(), clientId, reason, ...auditedOf(context) };
  }
}

const clientKey = (clientId: string, source: string): string => `${clientId.slice(0, 128)} ${sourceKey(source)}`;
