import { AuditService } from '../../src/platform/audit/audit.service.js';
import { RevocationService } from '../../src/revocation/revocation.service.js';
import { SubjectsService } from '../../src/users/subjects.service.js';
import type { TestApp } from './test-app.js';

/** Disables or enables a subject as an admin would. */
export function setSubjectDisabled(app: TestApp, subject: string, disabled: boolean): Promise<void> {
  const revocations = app.nest.get(RevocationService, { strict: false });
  const audit = app.nest.get(AuditService, { strict: false });
  return new SubjectsService(app.database, revocations, audit, app.clock).setDisabled(subject, disabled, {
    actor: 'test',
    correlationId: 'test',
  });
}
