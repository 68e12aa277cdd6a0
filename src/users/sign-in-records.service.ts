import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import { auditedOf, type AuditedContext } from '../platform/http/request-context.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';

/**
 * Metrics and audit events of sign-in attempts. The event of a successful one, `user.signed_in`, is written with the login
 * session that it starts.
 */
@Injectable()
export class SignInRecords {
  constructor(
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  accepted(): void {
    this.metrics.signIns.inc({ outcome: 'ok' });
  }

  /** @param subject undefined for an unknown username. The typed username is not recorded, because it may be a password */
  async refused(reason: string, subject: string | undefined, context: AuditedContext): Promise<{ verdict: 'refused' }> {
    this.metrics.signIns.inc({ outcome: 'refused' });
    const at = this.clock.now();
    await this.audit.record({ event: 'user.sign_in_refused', at, reason, subject, ...auditedOf(context) });
    return { verdict: 'refused' };
  }

  /** Nothing was hashed, and no audit event is written: an attack must not fill the audit log. */
  throttled(retryAfterSeconds: number): { verdict: 'throttled'; retryAfterSeconds: number } {
    this.metrics.signIns.inc({ outcome: 'throttled' });
    return { verdict: 'throttled', retryAfterSeconds };
  }
}
