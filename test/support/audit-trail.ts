/** Rows of the audit log, with their column names. */
import type { Answer } from './requests.js';
import type { TestApp } from './test-app.js';

export interface AuditRow {
  readonly at: Date;
  readonly event: string;
  readonly reason: string | null;
  readonly client_id: string | null;
  readonly subject: string | null;
  readonly family_id: string | null;
  readonly sid: string | null;
  readonly correlation_id: string | null;
  readonly actor: string | null;
  readonly detail: Record<string, unknown> | null;
}

/** The events of the request with this answer, oldest first. */
export function auditOf(app: TestApp, answer: Answer): Promise<AuditRow[]> {
  return select(app, 'correlation_id = $1', answer.headers.get('x-correlation-id') ?? '');
}

/** The events of a family, oldest first. */
export const auditOfFamily = (app: TestApp, familyId: string): Promise<AuditRow[]> =>
  select(app, 'family_id = $1', familyId);

/** Of a login session. */
export const auditOfSession = (app: TestApp, sid: string): Promise<AuditRow[]> => select(app, 'sid = $1', sid);

const select = (app: TestApp, where: string, value: string): Promise<AuditRow[]> =>
  app.database.query(
    `SELECT at, event, reason, client_id, subject, family_id, sid, correlation_id, actor, detail
     FROM audit_events WHERE ${where} ORDER BY id`,
    [value],
  );
