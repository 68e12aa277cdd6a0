/** Users as the admin API shows them, without password hashes. */
import { fieldOfProblem } from '../platform/http/invalid-fields.js';
import type { UserEntity } from '../users/user.entity.js';
import type { ImportOutcome } from '../users/new-user.js';
import type { ImportedUserDto, UserDto } from './user.dto.js';

export interface KnownUser {
  readonly user: UserEntity;
  readonly disabled: boolean;
}

export const showUser = ({ user, disabled }: KnownUser): UserDto => ({
  subject: user.subject,
  username: user.username,
  claims: { ...user.claims },
  groups: user.groups,
  attributes: user.attributes,
  has_password: user.passwordHash !== null,
  ...(user.passwordChangedAt && { password_changed_at: user.passwordChangedAt.toISOString() }),
  disabled,
  admin_roles: [...user.adminRoles],
  created_at: user.createdAt.toISOString(),
  updated_at: user.updatedAt.toISOString(),
});

export const showImported = (outcome: ImportOutcome, index: number): ImportedUserDto =>
  outcome.result === 'invalid'
    ? { index, result: 'invalid', errors: outcome.problems.map(fieldOfProblem) }
    : { index, ...outcome };
