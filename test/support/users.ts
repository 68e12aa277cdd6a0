/** Users of a running service, created and used through its services. */
import type { UserEntity } from '../../src/users/user.entity.js';
import type { UserRequest } from '../../src/users/new-user.js';
import { UsersService } from '../../src/users/users.service.js';
import type { SignInVerdict } from '../../src/users/password-sign-in.service.js';
import type { AuditRow } from './audit-trail.js';
import type { TestApp } from './test-app.js';

export const PASSWORD = 'correct horse battery staple';
export const BY_TEST = { actor: 'test', correlationId: 'test' };

export const usersOf = (app: TestApp): UsersService => app.nest.get(UsersService, { strict: false });

/** With a password, unless it is undefined. */
export const createUser = (
  app: TestApp,
  username: string,
  { password = PASSWORD, ...rest }: { password?: string } & Partial<UserRequest> = {},
): Promise<UserEntity> => usersOf(app).create({ username, password, ...rest }, BY_TEST);

/** As the sign-in form would. */
export function authenticate(
  app: TestApp,
  username: string,
  password: string,
  { source = '192.0.2.1', correlationId = 'test' } = {},
): Promise<SignInVerdict> {
  return usersOf(app).authenticate(username, password, { source, correlationId, arrivedAt: app.clock.now() });
}

/** The user's row. */
export async function rowOf(app: TestApp, subject: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await app.database.query<Record<string, unknown>[]>('SELECT * FROM users WHERE subject = $1', [
    subject,
  ]);
  return row;
}

/** The events under a correlation id, oldest first. */
export const auditUnder = (app: TestApp, correlationId: string): Promise<AuditRow[]> =>
  app.database.query('SELECT * FROM audit_events WHERE correlation_id = $1 ORDER BY id', [correlationId]);
