import { Injectable } from '@nestjs/common';
import { OAuthError } from '../oauth/oauth-error.js';
import type { AuditEventEntity } from '../platform/audit/audit-event.entity.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { Clock } from '../platform/time/clock.js';
import { factsOf } from '../refresh/explanation.js';
import { RefreshService } from '../refresh/refresh.service.js';
import type { ExplainDto, ExplanationDto } from './explain.dto.js';
import { explainedOf, showExplanation, showOtherRequest, type Explained } from './explanation-representation.js';

/** A request has a handful of events. */
const MAX_EVENTS = 50;

/** Explains what a refresh was, or would be, answered: by the rules of the refresh itself, or by its audit event. */
@Injectable()
export class Explanations {
  constructor(
    private readonly refreshes: RefreshService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields; OAuthError not_found */
  explain({ token, correlation_id: correlationId }: ExplainDto): Promise<ExplanationDto> {
    if (token !== undefined && correlationId === undefined) return this.explainToken(token);
    if (token === undefined && correlationId !== undefined) return this.explainRequest(correlationId);
    throw new InvalidFields([{ field: 'token', detail: 'token or correlation_id must be given, and not both' }]);
  }

  private async explainToken(token: string): Promise<ExplanationDto> {
    const { judged, generation, family } = await this.refreshes.judge(token);
    const facts = factsOf(judged, generation, this.clock.now());
    const { familyId, clientId, subject } = family ?? {};
    const reason = family?.revokedReason ?? facts.endReason;
    const explained: Explained = { facts, familyId, clientId, subject, reason };
    return showExplanation(explained, await this.causeOf(explained));
  }

  private async explainRequest(correlationId: string): Promise<ExplanationDto> {
    const events = (await this.audit.page({ correlationId }, MAX_EVENTS)).events.toReversed();
    if (events.length === 0) {
      throw new OAuthError('not_found', { description: 'The audit log has no event with this correlation_id.' });
    }
    const explained = events.map(explainedOf).find((each) => each !== undefined);
    return explained ? showExplanation(explained, await this.causeOf(explained), events) : showOtherRequest(events);
  }

  /** The reuse that ended a revoked family. */
  private async causeOf({ facts, familyId }: Explained): Promise<AuditEventEntity | undefined> {
    if (facts.endReason !== 'revoked' || !familyId) return undefined;
    const { events } = await this.audit.page({ familyId, event: 'refresh.reused' }, 1);
    return events[0];
  }
}
