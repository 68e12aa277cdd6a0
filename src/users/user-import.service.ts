import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { newUser, userProblems, type ImportOutcome, type UserRequest } from './new-user.js';
import { UserChanges } from './user-changes.service.js';
import type { UserEntity } from './user.entity.js';
import { UserRepository } from './user.repository.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/**
 * Imports users in batches, with their password hashes. Existing users are left unchanged, so the same file can be imported
 * again.
 */
@Injectable()
export class UserImport {
  constructor(
    private readonly repository: UserRepository,
    private readonly changes: UserChanges,
  ) {}

  /** @returns the outcome of each, in order; valid users are stored even if others are invalid */
  async import(requests: readonly UserRequest[], change: AuditOrigin): Promise<ImportOutcome[]> {
    const judged = requests.map((request) => ({ request, problems: userProblems(request), fresh: uuidv7() }));
    return this.changes.make(change, async ({ manager, now, record }) => {
      const rows = judged.map(({ request, problems, fresh }) =>
        problems.length === 0 ? rowOf(request, fresh, now) : undefined,
      );
      const users = rows.filter((row) => row !== undefined);
      const stored = await this.insert(users, manager);
      await record(
        'user.created',
        [...stored].map(({ subject }) => subject),
        { imported: true },
      );
      const [subjects, keys] = [users.map(({ subject }) => subject), users.map(({ usernameKey }) => usernameKey)];
      const holders = await this.repository.holders(subjects, keys, manager);
      return judged.map(({ request, problems }, index): ImportOutcome => {
        const row = rows[index];
        if (!row) return { result: 'invalid', problems };
        if (stored.has(row)) return { result: 'created', subject: row.subject };
        return existing(row, request.subject !== undefined, holders);
      });
    });
  }

  /** Same outcome as inserting one after the other, in few statements. @returns the stored users */
  private async insert(users: readonly UserEntity[], manager: EntityManager): Promise<Set<UserEntity>> {
    const stored = new Set<UserEntity>();
    for (let rest = users; rest.length > 0;) {
      const [first, later] = firstOnes(rest);
      const inserted = await this.repository.insert(first, manager);
      for (const user of first) if (inserted.has(user.subject)) stored.add(user);
      rest = later;
    }
    return stored;
  }
}

/** Separates users whose subject and username occur for the first time from those that repeat one. */
function firstOnes(users: readonly UserEntity[]): [first: UserEntity[], later: UserEntity[]] {
  const [first, later]: [UserEntity[], UserEntity[]] = [[], []];
  const [subjects, keys] = [new Set<string>(), new Set<string>()];
  for (const user of users) {
    (subjects.has(user.subject) || keys.has(user.usernameKey) ? later : first).push(user);
    subjects.add(user.subject);
    keys.add(user.usernameKey);
  }
  return [first, later];
}

function rowOf({ subject, passwordHash, claims, ...rest }: UserRequest, fresh: string, now: Date): UserEntity {
  const user = { ...rest, subject: subject ?? fresh, passwordHash: passwordHash ?? null, claims: claims ?? {} };
  return newUser(user, now)!;
}

/** Why the user was not stored: they exist already, or another user has the subject or username. */
function existing(user: UserEntity, namesSubject: boolean, holders: readonly UserEntity[]): ImportOutcome {
  const same = holders.find(({ subject }) => subject === user.subject);
  if (same?.deletedAt) return { result: 'invalid', problems: ['subject belonged to a user who was deleted'] };
  if (same) return { result: 'exists', subject: same.subject };
  const namesake = holders.find(({ usernameKey, deletedAt }) => usernameKey === user.usernameKey && !deletedAt);
  if (namesake && !namesSubject) return { result: 'exists', subject: namesake.subject };
  return { result: 'invalid', problems: ['username is taken by another subject'] };
}
