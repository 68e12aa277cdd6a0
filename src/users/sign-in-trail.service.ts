import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import type { RequestContext } from '../platform/http/request-context.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';

/**
 * What attempts to sign in leave behind. The event of one that succeeded, `user.signed_in`, belongs to the login session
 * that begins with it, and is appended there.
 */
@Injectable()
export class SignInTrail {
  constructor(
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  accepted(): void {
    this.metrics.signIns.inc({ outcome: 'ok' });
  }

  /** @param subject undefined where nobody is called so. What was typed is not kept: it may be a password */
  async refused(
    reason: string,
    subject: string | undefined,
    { correlationId }: Pick<RequestContext, 'correlationId'>,
  ): Promise<{ verdict: 'refused' }> {
    this.metrics.signIns.inc({ outcome: 'refused' });
    const at = this.clock.now();
    await this.audit.record({ event: 'user.sign_in_refused', at, reason, subject, correlationId });
    return { verdict: 'refused' };
  }

  /** Nothing was hashed, and nothing is written down: an attack must not fill the audit trail. */
  throttled(retryAfterSeconds: number): { verdict: 'throttled'; retryAfterSeconds: number } {
    this.metrics.signIns.inc({ outcome: 'throttled' });
    return { verdict: 'throttled', retryAfterSeconds };
  }
}
