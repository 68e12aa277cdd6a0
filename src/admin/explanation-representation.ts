/** Explanations as the admin API shows them: of a judged token, and of an audit event. */
import { decisionOf, explain, type Facts } from '../refresh/explanation.js';
import type { AuditEventName } from '../platform/audit/audit-event.js';
import type { AuditEventEntity } from '../platform/audit/audit-event.entity.js';
import { showEvent } from './audit-representation.js';
import type { ExplanationDto } from './explain.dto.js';

export interface Explained {
  readonly facts: Facts;
  readonly familyId?: string | null | undefined;
  readonly clientId?: string | null | undefined;
  readonly subject?: string | null | undefined;
  readonly reason?: string | undefined;
}

export function showExplanation(
  { facts, familyId, clientId, subject, reason }: Explained,
  cause: AuditEventEntity | undefined,
  events: readonly AuditEventEntity[] = [],
): ExplanationDto {
  const { summary, steps, refusedBy, help } = explain(facts);
  const { presentedGeneration, currentGeneration, supersededAt, retryWindowMs } = facts;
  return {
    summary,
    decision: refusedBy ? 'refused' : 'accepted',
    verdict: facts.verdict,
    ...(reason !== undefined && { reason }),
    ...(refusedBy && { refused_by: refusedBy }),
    at: new Date(facts.presentedAt).toISOString(),
    ...(familyId && { family_id: familyId }),
    ...(clientId && { client_id: clientId }),
    ...(subject && { subject }),
    ...(presentedGeneration !== undefined && { generation: presentedGeneration }),
    ...(currentGeneration !== undefined && { current_generation: currentGeneration }),
    ...(supersededAt !== undefined && { superseded_at: new Date(supersededAt).toISOString() }),
    ...(retryWindowMs !== undefined && { retry_window_seconds: retryWindowMs / 1000 }),
    steps: [...steps],
    help: [...help, ...(cause ? [causeText(cause)] : [])],
    ...(cause && { cause: showEvent(cause) }),
    events: events.map(showEvent),
  };
}

const causeText = ({ at, correlationId }: AuditEventEntity): string =>
  `A token of the family was reused at ${at.toISOString()}: explain the request ${correlationId ?? ''} too.`;

/** A request that is not a refresh, or that was refused before its refresh token was judged. */
export function showOtherRequest(events: readonly AuditEventEntity[]): ExplanationDto {
  const told = events.find(({ event }) => isRefusal(event)) ?? events[0]!;
  const { event, reason, at, clientId, subject, familyId } = told;
  const decision = isRefusal(event) ? 'refused' : 'none';
  const why = reason === null ? '' : ` (${reason})`;
  return {
    summary:
      decision === 'refused'
        ? `Refused before a refresh token was judged: ${event}${why}.`
        : `The request judged no refresh token: ${event}${why}.`,
    decision,
    ...(reason !== null && { reason }),
    at: at.toISOString(),
    ...(familyId && { family_id: familyId }),
    ...(clientId && { client_id: clientId }),
    ...(subject && { subject }),
    steps: [],
    help: [],
    events: events.map(showEvent),
  };
}

const isRefusal = (event: AuditEventName): boolean => /refused|failed|replayed/.test(event);

/** @returns undefined for an event that is no decision on a refresh token */
export function explainedOf(event: AuditEventEntity): Explained | undefined {
  const decision = decisionIn(event);
  if (!decision) return undefined;
  const { at, familyId, clientId, subject, reason } = event;
  const detail = (event.detail ?? {}) as Partial<Record<string, number | string>>;
  const number = (name: string) => (typeof detail[name] === 'number' ? detail[name] : undefined);
  const superseded = detail['superseded_at'];
  const window = number('retry_window_seconds');
  const facts: Facts = {
    ...decision,
    presentedAt: at.getTime(),
    presentedGeneration: number('presented_generation'),
    currentGeneration: number('current_generation'),
    supersededAt: typeof superseded === 'string' ? Date.parse(superseded) : undefined,
    retryWindowMs: window === undefined ? undefined : window * 1000,
  };
  return { facts, familyId, clientId, subject, ...(reason !== null && { reason }) };
}

function decisionIn({ event, reason }: AuditEventEntity): Pick<Facts, 'verdict' | 'endReason'> | undefined {
  const verdict = verdicts[event];
  if (verdict) return { verdict };
  return event === 'refresh.refused' && reason !== null ? decisionOf(reason) : undefined;
}

const verdicts: Partial<Record<AuditEventName, Facts['verdict']>> = {
  'refresh.rotated': 'rotatable',
  'refresh.renewed': 'rotatable',
  'refresh.retried': 'retry',
  'refresh.reused': 'reuse',
};
