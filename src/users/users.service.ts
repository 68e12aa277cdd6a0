import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import type { AuditedContext, RequestContext } from '../platform/http/request-context.js';
import { LinkedSignIn } from './linked-sign-in.service.js';
import { NewPasswords } from './new-passwords.service.js';
import { newUser, userProblems, type UserRequest } from './new-user.js';
import { PasswordSignIn, type SignInVerdict } from './password-sign-in.service.js';
import type { AdminRole } from '../oauth/scope.js';
import type { ProvenUser } from './proven-user.js';
import type { UserClaims } from './released-claims.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import { changesTo, type UserChange } from './user-change.js';
import { UserChanges } from './user-changes.service.js';
import { InvalidUser, UserTaken } from './user-error.js';
import type { UserEntity } from './user.entity.js';
import { usernameKey } from '../oauth/username.js';
import { nearest } from '../platform/spelling/nearest.js';
import { UserRepository } from './user.repository.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Runs in the transaction of a change, for the sessions and families that the change must end. */
export type Alongside = (manager: EntityManager) => Promise<void>;

/**
 * The users who sign in here: usernames, claims and passwords. `SubjectsService` knows which subjects are disabled. The caller
 * ends sessions and families in the transaction of the change.
 */
@Injectable()
export class UsersService {
  constructor(
    private readonly repository: UserRepository,
    private readonly changes: UserChanges,
    private readonly passwords: NewPasswords,
    private readonly passwordSignIn: PasswordSignIn,
    private readonly linkedSignIn: LinkedSignIn,
  ) {}

  /** See `PasswordSignIn`. */
  authenticate(username: string, password: string, context: RequestContext): Promise<SignInVerdict> {
    return this.passwordSignIn.authenticate(username, password, context);
  }

  /** See `LinkedSignIn`. */
  findOrCreateLinked(
    issuer: string,
    externalSubject: string,
    claims: Readonly<Record<string, unknown>>,
    context: AuditedContext,
  ): Promise<ProvenUser | undefined> {
    return this.linkedSignIn.findOrCreate(issuer, externalSubject, claims, context);
  }

  find(subject: string): Promise<UserEntity | null> {
    return this.repository.find(subject);
  }

  /** The user's name on pages: the subject if they have been deleted meanwhile. */
  async nameOf(subject: string): Promise<string> {
    return (await this.repository.find(subject))?.username ?? subject;
  }

  async findByUsername(username: string): Promise<UserEntity | null> {
    const key = usernameKey(username);
    return key === undefined ? null : this.repository.findByKey(key);
  }

  /** See `UserRepository.recoverable`. */
  recoverable(typed: string, limit: number): Promise<UserEntity[]> {
    return this.repository.recoverable(typed, limit);
  }

  /** By subject, ascending. @param after the subject that the page starts after @param search see `UserRepository.list` */
  list(limit: number, after?: string, search?: string): Promise<UserEntity[]> {
    return this.repository.list(limit, after, search);
  }

  /** Whether a user has this subject, or had it before being deleted. */
  isTaken(subject: string): Promise<boolean> {
    return this.repository.isTaken(subject);
  }

  /** The usernames that somebody may have meant, nearest first; may be empty. */
  async similarUsernames(typed: string): Promise<string[]> {
    const key = usernameKey(typed);
    return key === undefined ? [] : nearest(key, await this.repository.usernamesLike(key));
  }

  /** All claims of a user; the caller releases them as scope and request allow. @returns undefined if there is no such user */
  async claimsOf(subject: string): Promise<UserClaims | undefined> {
    const user = await this.repository.find(subject);
    if (!user) return undefined;
    const updated_at = Math.floor(user.updatedAt.getTime() / 1000);
    return { preferred_username: user.username, ...user.attributes, groups: user.groups, ...user.claims, updated_at };
  }

  /** @throws InvalidUser, UserTaken, PasswordThreadsBusy */
  async create(
    { password, ...request }: UserRequest & { readonly password?: string | undefined },
    change: AuditOrigin,
    roles: readonly AdminRole[] = [],
  ): Promise<UserEntity> {
    throwProblems(userProblems(request));
    const { subject = uuidv7(), username, groups, attributes } = request;
    const claims = (request.claims ?? {}) as StandardClaims;
    const hash = password === undefined ? undefined : await this.passwords.hash(password, { username, claims });
    return this.changes.make(change, async ({ manager, now, record }) => {
      const passwordHash = hash ?? request.passwordHash ?? null;
      const user = newUser({ subject, username, claims, groups, attributes, passwordHash }, now)!;
      if (hash !== undefined) user.passwordChangedAt = now;
      user.adminRoles = [...roles];
      const inserted = await this.repository.insert([user], manager);
      if (inserted.size === 0) {
        const holders = await this.repository.holders([subject], [user.usernameKey], manager);
        throw new UserTaken(holders.some((holder) => holder.subject === subject) ? 'subject' : 'username');
      }
      await record('user.created', subject);
      return user;
    });
  }

  /**
   * Two changes of one user wait for each other.
   * @returns undefined if there is no such user @throws InvalidUser, UserTaken
   */
  async update(
    subject: string,
    request: UserChange,
    change: AuditOrigin,
    alongside?: Alongside,
  ): Promise<UserEntity | undefined> {
    return this.changes
      .make(change, async ({ manager, now, record }) => {
        const user = await this.repository.lock(subject, manager);
        if (!user) return undefined;
        const { changes, problems } = changesTo(user, request);
        throwProblems(problems);
        const fields = Object.keys(changes).filter((name) => name !== 'usernameKey');
        if (fields.length > 0) {
          await this.repository.update(subject, changes, now, manager);
          await record('user.updated', subject, { fields });
        }
        await alongside?.(manager);
        return fields.length > 0 ? { ...user, ...changes, updatedAt: now } : user;
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? new UserTaken('username') : error;
      });
  }

  /** @returns false if there is no such user @throws InvalidUser, PasswordThreadsBusy */
  async setPassword(subject: string, password: string, change: AuditOrigin, alongside?: Alongside): Promise<boolean> {
    const user = await this.repository.find(subject);
    if (!user) return false;
    const hash = await this.passwords.hash(password, user);
    return this.changes.make(change, async ({ manager, now, record }) => {
      if (!(await this.repository.setPasswordHash(subject, hash, now, manager))) return false;
      await record('user.password_changed', subject);
      await alongside?.(manager);
      return true;
    });
  }

  /** @returns undefined if there is no such user */
  setAdminRoles(subject: string, roles: readonly AdminRole[], change: AuditOrigin): Promise<UserEntity | undefined> {
    return this.changes.make(change, async ({ manager, now, record }) => {
      if (!(await this.repository.update(subject, { adminRoles: [...roles] }, now, manager))) return undefined;
      await record('user.admin_roles_changed', subject, { roles });
      return (await this.repository.find(subject, manager)) ?? undefined;
    });
  }

  /** Deletes everything of the user except the subject, which stays taken. @returns false if there is no such user */
  delete(subject: string, change: AuditOrigin, alongside?: Alongside): Promise<boolean> {
    return this.changes.make(change, async ({ manager, now, record }) => {
      if (!(await this.repository.bury(subject, now, manager))) return false;
      await record('user.deleted', subject);
      await alongside?.(manager);
      return true;
    });
  }
}

function throwProblems(problems: readonly (string | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new InvalidUser(found);
}
