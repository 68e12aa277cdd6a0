import { Injectable } from '@nestjs/common';
import { fieldOfProblem, InvalidFields } from '../platform/http/invalid-fields.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Consents } from '../consent/consents.service.js';
import { SignOut } from '../sign-out/sign-out.service.js';
import { SubjectsService } from '../users/subjects.service.js';
import { InvalidUser, UserTaken } from '../users/user-error.js';
import { UsersService } from '../users/users.service.js';
import { notFound } from './path.pipe.js';
import type { CreateUserDto, UpdateUserDto } from './user.dto.js';
import type { KnownUser } from './user-representation.js';
import { demandRoles } from './demand-roles.js';
import type { Admin } from './admin.guard.js';
import type { AdminRole } from '../oauth/scope.js';

/** Changes users and ends sessions and families where the change requires it: one transaction, then the tracker, then the answer. */
@Injectable()
export class UserAdministration {
  constructor(
    private readonly users: UsersService,
    private readonly subjects: SubjectsService,
    private readonly signOut: SignOut,
    private readonly consents: Consents,
  ) {}

  /** @throws InvalidFields; OAuthError conflict, too_many_requests */
  async create(request: CreateUserDto, admin: Admin): Promise<KnownUser> {
    const user = await this.users.create(request, admin).catch(asAnswer);
    return { user, disabled: await this.subjects.isDisabled(user.subject) };
  }

  /** @throws OAuthError not_found */
  async find(subject: string): Promise<KnownUser> {
    const user = await this.users.find(subject);
    if (!user) throw notFound();
    return { user, disabled: await this.subjects.isDisabled(subject) };
  }

  /** By subject. @param after the subject that the page starts after @param search see `UserRepository.list` */
  async list(limit: number, after?: string, search?: string): Promise<KnownUser[]> {
    const users = await this.users.list(limit, after, search);
    const disabled = await this.subjects.disabledAmong(users.map(({ subject }) => subject));
    return users.map((user) => ({ user, disabled: disabled.has(user.subject) }));
  }

  /** The user with this username, as a list of one or none. */
  async named(username: string): Promise<KnownUser[]> {
    const user = await this.users.findByUsername(username);
    return user ? [{ user, disabled: await this.subjects.isDisabled(user.subject) }] : [];
  }

  /** @throws InvalidFields; OAuthError not_found, conflict */
  async update(subject: string, request: UpdateUserDto, admin: Admin): Promise<KnownUser> {
    const { disabled, add_groups: addGroups, remove_groups: removeGroups, ...changes } = request;
    await this.demandRank(subject, admin);
    const user = await this.users
      .update(subject, { ...changes, addGroups, removeGroups }, admin, async (manager) => {
        if (disabled !== undefined) await this.subjects.commitDisabled(subject, disabled, admin, manager);
      })
      .catch(asAnswer);
    if (!user) throw notFound();
    return { user, disabled: disabled ?? (await this.subjects.isDisabled(subject)) };
  }

  /**
   * Ends all login sessions of the user with their families, because someone else may have known the old password. Families with
   * `offline_access` stay valid, which is their purpose; revoking the subject ends those as well.
   * @throws InvalidFields; OAuthError not_found, too_many_requests
   */
  async setPassword(subject: string, password: string, admin: Admin): Promise<void> {
    await this.demandRank(subject, admin);
    const ended = { reason: 'password_changed', sparesOffline: true };
    const found = await this.users
      .setPassword(subject, password, admin, (manager) => this.signOut.commitEverywhere(subject, ended, admin, manager))
      .catch(asAnswer);
    if (!found) throw notFound();
  }

  /** @throws OAuthError not_found */
  async setAdminRoles(subject: string, roles: readonly AdminRole[], admin: Admin): Promise<KnownUser> {
    const user = await this.users.setAdminRoles(subject, roles, admin);
    if (!user) throw notFound();
    return { user, disabled: await this.subjects.isDisabled(subject) };
  }

  /** For changes that would let the caller act as this user, or lock them out. @throws OAuthError insufficient_scope */
  async demandRank(subject: string, { scope }: Admin): Promise<void> {
    demandRoles(scope, (await this.users.find(subject))?.adminRoles ?? []);
  }

  /**
   * Deletes the user with all consents, sessions and families. Also disables the subject, so that requests under way fail.
   * @throws OAuthError not_found
   */
  async delete(subject: string, admin: Admin): Promise<void> {
    await this.demandRank(subject, admin);
    const found = await this.users.delete(subject, admin, async (manager) => {
      await this.subjects.commitDisabled(subject, true, admin, manager);
      await this.signOut.commitEverywhere(subject, { reason: 'user_deleted' }, admin, manager);
      await this.consents.deleteAll(subject, manager);
    });
    if (!found) throw notFound();
  }
}

function asAnswer(error: unknown): never {
  if (error instanceof InvalidUser) throw new InvalidFields(error.problems.map(fieldOfProblem));
  if (error instanceof UserTaken) throw new OAuthError('conflict', { description: `The ${error.field} is taken.` });
  throw error;
}
