import { SubjectsService } from '../../src/users/subjects.service.js';
import type { TestApp } from './test-app.js';

/** Disables or enables a subject as an admin would. */
export function setSubjectDisabled(app: TestApp, subject: string, disabled: boolean): Promise<void> {
  return app.nest
    .get(SubjectsService, { strict: false })
    .setDisabled(subject, disabled, { actor: 'test', correlationId: 'test' });
}
