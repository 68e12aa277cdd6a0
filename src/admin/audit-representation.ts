/** Audit events as the admin API shows them. */
import type { AuditEventEntity } from '../platform/audit/audit-event.entity.js';
import type { AuditEventDto } from './audit.dto.js';

export const showEvent = (event: AuditEventEntity): AuditEventDto => ({
  id: event.id,
  at: event.at.toISOString(),
  event: event.event,
  ...(event.reason !== null && { reason: event.reason }),
  ...(event.clientId !== null && { client_id: event.clientId }),
  ...(event.subject !== null && { subject: event.subject }),
  ...(event.familyId !== null && { family_id: event.familyId }),
  ...(event.sid !== null && { sid: event.sid }),
  ...(event.correlationId !== null && { correlation_id: event.correlationId }),
  ...(event.actor !== null && { actor: event.actor }),
  ...(event.source !== null && { source: event.source }),
  ...(event.agent !== null && { agent: event.agent }),
  ...(event.generation !== null && { generation: event.generation }),
  ...(event.detail !== null && { detail: event.detail }),
});
