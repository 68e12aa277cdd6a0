import { Injectable } from '@nestjs/common';
import { isDisabled, mayUse, type Client } from '../clients/client.js';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { isWithin, parseScope } from '../oauth/scope.js';
import { isUserSubject } from '../oauth/subject.js';
import { FamiliesService, type StartedFamily } from '../families/families.service.js';
import { SubjectsService } from '../users/subjects.service.js';
import type { StartFamilyDto } from './family.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Starts families for an admin, for example to migrate sessions from another server, with the checks that a grant would make. */
@Injectable()
export class FamilyAdministration {
  constructor(
    private readonly directory: ClientDirectory,
    private readonly subjects: SubjectsService,
    private readonly families: FamiliesService,
  ) {}

  /** @throws InvalidFields for invalid input; OAuthError conflict if the current state forbids it */
  async start({ client_id, subject, scope }: StartFamilyDto, admin: AuditOrigin): Promise<StartedFamily> {
    const client = await this.directory.load(client_id);
    if (!client) throw invalid('client_id', 'must be the id of a client');
    if (isDisabled(client)) throw conflict('The client is disabled.');
    if (!mayUse(client, 'refresh_token')) throw conflict('The client does not have the grant type refresh_token.');
    if (!isUserSubject(subject)) throw invalid('subject', 'must be printable, and must not begin with client:');
    const granted = scopeWithin(client, scope);
    if (await this.subjects.isDisabled(subject)) throw conflict('The subject is disabled.');
    return this.families.start(client, subject, granted, admin);
  }
}

function scopeWithin(client: Client, text: string): string[] {
  const scope = text === '' ? [] : parseScope(text);
  if (!scope) throw invalid('scope', 'must be scope tokens with single spaces between them (RFC 6749 section 3.3)');
  if (!isWithin(scope, client.scopes)) throw invalid('scope', 'must be within the scopes of the client');
  return scope;
}

const invalid = (field: string, problem: string) => new InvalidFields([{ field, detail: `${field} ${problem}` }]);

const conflict = (description: string) => new OAuthError('conflict', { description });
