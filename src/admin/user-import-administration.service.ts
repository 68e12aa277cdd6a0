import { Injectable } from '@nestjs/common';
import type { ImportOutcome } from '../users/new-user.js';
import { UserImport } from '../users/user-import.service.js';
import { importedItems } from './import.pipe.js';
import { ImportUserDto } from './user.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Imports the valid users and reports the problems of the others. */
@Injectable()
export class UserImportAdministration {
  constructor(private readonly users: UserImport) {}

  /** @param body a list of users, or `{ users: [ … ] }` @throws InvalidFields if it is neither */
  async import(body: unknown, admin: AuditOrigin): Promise<ImportOutcome[]> {
    const checked = await importedItems(body, 'users', ImportUserDto);
    const requests = checked.flatMap((each) => ('item' in each ? [toRequest(each.item)] : []));
    const outcomes = await this.users.import(requests, admin);
    return checked.map((each) => ('item' in each ? outcomes.shift()! : { result: 'invalid', problems: each.problems }));
  }
}

const toRequest = ({ password_hash, ...user }: ImportUserDto) => ({ ...user, passwordHash: password_hash });
