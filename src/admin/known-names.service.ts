import { Injectable } from '@nestjs/common';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { FamiliesService } from '../families/families.service.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { clientOfSubject, isSubject } from '../oauth/subject.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { SubjectsService } from '../users/subjects.service.js';
import { UsersService } from '../users/users.service.js';

/** Finds what an admin means by a name, so that a misspelt one is an error and not an empty success. */
@Injectable()
export class KnownNames {
  constructor(
    private readonly users: UsersService,
    private readonly subjects: SubjectsService,
    private readonly families: FamiliesService,
    private readonly clients: ClientDirectory,
    private readonly audit: AuditService,
  ) {}

  /** @param name the subject or the username of a user; a subject comes first @throws OAuthError not_found */
  async user(name: string): Promise<string> {
    const user = (await this.users.find(name)) ?? (await this.users.findByUsername(name));
    if (!user) throw await this.unknown('user', name);
    return user.subject;
  }

  /**
   * Also finds subjects that are no users here, if a family, an event or a change mentions them, and clients as subjects.
   * @param name the subject, or the username of a user; a subject comes first @throws OAuthError not_found
   */
  async subject(name: string): Promise<string> {
    if (isSubject(name) && (await this.isSubjectHere(name))) return name;
    const user = await this.users.findByUsername(name);
    if (!user) throw await this.unknown('subject or user', name);
    return user.subject;
  }

  /** @throws OAuthError not_found */
  async demandClient(clientId: string): Promise<void> {
    if (!(await this.clients.load(clientId))) throw noSuch('client', clientId);
  }

  /** @throws OAuthError not_found */
  async demandFamily(familyId: string): Promise<void> {
    if ((await this.families.list({ familyId }, undefined, { limit: 1 })).length === 0)
      throw noSuch('family', familyId);
  }

  private async isSubjectHere(subject: string): Promise<boolean> {
    const clientId = clientOfSubject(subject);
    return (
      (clientId !== undefined && (await this.clients.load(clientId)) !== undefined) ||
      (await this.users.isTaken(subject)) ||
      (await this.subjects.isRecorded(subject)) ||
      (await this.families.list({ subject }, undefined, { limit: 1 })).length > 0 ||
      (await this.audit.page({ subject }, 1)).events.length > 0
    );
  }

  private async unknown(kind: string, name: string): Promise<OAuthError> {
    return noSuch(kind, name, await this.users.similarUsernames(name));
  }
}

function noSuch(kind: string, name: string, similar: readonly string[] = []): OAuthError {
  const hint = similar.length > 0 ? ` Similar: ${similar.map(quoted).join(', ')}.` : '';
  return new OAuthError('not_found', { description: `There is no ${kind} ${quoted(name)}.${hint}` });
}

const quoted = (name: string): string => JSON.stringify(name);
