import { Injectable } from '@nestjs/common';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import type { ImportOutcome } from '../users/new-user.js';
import { UserImport } from '../users/user-import.service.js';
import { AdminRequestPipe } from './admin-request.pipe.js';
import { ImportUserDto } from './user.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** More than fit into a body of 16 KB. */
const MAX_USERS = 500;

type Checked = { readonly user: ImportUserDto } | { readonly problems: string[] };

/** Imports the valid users and reports the problems of the others, so that one bad line does not stop a thousand. */
@Injectable()
export class UserImportAdministration {
  private readonly pipe = new AdminRequestPipe();

  constructor(private readonly users: UserImport) {}

  /** @param body a list of users, or `{ users: [ … ] }` @throws InvalidFields if it is neither */
  async import(body: unknown, admin: AuditOrigin): Promise<ImportOutcome[]> {
    const checked = await Promise.all(usersIn(body).map((item) => this.check(item)));
    const requests = checked.flatMap((each) => ('user' in each ? [toRequest(each.user)] : []));
    const outcomes = await this.users.import(requests, admin);
    return checked.map((each) => ('user' in each ? outcomes.shift()! : { result: 'invalid', problems: each.problems }));
  }

  private async check(item: unknown): Promise<Checked> {
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      return { problems: ['user must be an object'] };
    try {
      return { user: (await this.pipe.transform(item, { type: 'body', metatype: ImportUserDto })) as ImportUserDto };
    } catch (error) {
      if (!(error instanceof InvalidFields)) throw error;
      return {
        problems: error.problems.map(({ field, detail }) => (detail.startsWith(field) ? detail : `${field} ${detail}`)),
      };
    }
  }
}

const toRequest = ({ password_hash, ...user }: ImportUserDto) => ({ ...user, passwordHash: password_hash });

function usersIn(body: unknown): unknown[] {
  const { users, ...rest } = Array.isArray(body) ? { users: body } : ((body ?? {}) as { users?: unknown });
  if (Array.isArray(users) && users.length <= MAX_USERS && Object.keys(rest).length === 0) return users;
  throw new InvalidFields([
    { field: 'users', detail: `users must be a list of ${MAX_USERS} users at most, and be all there is` },
  ]);
}
