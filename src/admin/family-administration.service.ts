import { Injectable } from '@nestjs/common';
import { isDisabled, mayUse, type Client } from '../clients/client.js';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { AdoptedFamilies, type AdoptedFamily, type AdoptedGrant } from '../families/adopted-families.service.js';
import { FamiliesService, type StartedFamily } from '../families/families.service.js';
import { tokenSha256 } from '../families/imported-token.js';
import { looksLikeRefreshToken } from '../families/refresh-token.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { isWithin, parseScope } from '../oauth/scope.js';
import { isUserSubject } from '../oauth/subject.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { Clock } from '../platform/time/clock.js';
import { SubjectsService } from '../users/subjects.service.js';
import { AdoptFamilyDto, type StartFamilyDto } from './family.dto.js';
import type { FamilyImport } from './family-representation.js';
import { importedItems, problemsIn } from './import.pipe.js';

/** Starts families for an admin, and adopts those of another server, with the checks that a grant would make. */
@Injectable()
export class FamilyAdministration {
  constructor(
    private readonly directory: ClientDirectory,
    private readonly subjects: SubjectsService,
    private readonly families: FamiliesService,
    private readonly adopted: AdoptedFamilies,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields for invalid input; OAuthError conflict if the current state forbids it */
  async start(request: StartFamilyDto, admin: AuditOrigin): Promise<StartedFamily> {
    const { client, subject, scope } = await this.admit(request, await this.disabledAmong([request]));
    return this.families.start(client, subject, scope, admin);
  }

  /** @throws InvalidFields for invalid input; OAuthError conflict if the current state forbids it, or the token is known */
  async adopt(request: AdoptFamilyDto, admin: AuditOrigin): Promise<AdoptedFamily> {
    const grant = await this.grantOf(request, await this.disabledAmong([request]));
    const [family] = await this.adopted.adopt([grant], admin);
    if (!family) throw conflict('This refresh token was imported before.');
    return family;
  }

  /** @param body a list of families, or `{ families: [ … ] }` @throws InvalidFields if it is neither */
  async import(body: unknown, admin: AuditOrigin): Promise<FamilyImport[]> {
    const checked = await importedItems(body, 'families', AdoptFamilyDto);
    const disabled = await this.disabledAmong(checked.flatMap((each) => ('item' in each ? [each.item] : [])));
    const grants = await Promise.all(
      checked.map(async (each) => ('item' in each ? this.grantOf(each.item, disabled).catch(asProblems) : each)),
    );
    const valid = grants.filter((each) => 'client' in each);
    const families = valid.length > 0 ? await this.adopted.adopt(valid, admin) : [];
    return grants.map((each): FamilyImport => {
      if ('problems' in each) return { result: 'invalid', problems: each.problems };
      const family = families.shift();
      return family ? { result: 'created', familyId: family.familyId } : { result: 'exists' };
    });
  }

  private async grantOf(request: AdoptFamilyDto, disabled: ReadonlySet<string>): Promise<AdoptedGrant> {
    const admitted = await this.admit(request, disabled);
    const [idleExpiresAt, absoluteExpiresAt] = (['idle_expires_at', 'absolute_expires_at'] as const).map((field) =>
      this.future(field, request[field]),
    );
    return { ...admitted, tokenSha256: sha256Of(request), idleExpiresAt, absoluteExpiresAt };
  }

  private async admit({ client_id, subject, scope }: StartFamilyDto, disabled: ReadonlySet<string>) {
    const client = await this.directory.find(client_id);
    if (!client) throw invalid('client_id', 'must be the id of a client');
    if (isDisabled(client)) throw conflict('The client is disabled.');
    if (!mayUse(client, 'refresh_token')) throw conflict('The client does not have the grant type refresh_token.');
    if (!isUserSubject(subject)) throw invalid('subject', 'must be printable, and must not begin with client:');
    const granted = scopeWithin(client, scope);
    if (disabled.has(subject)) throw conflict('The subject is disabled.');
    return { client, subject, scope: granted };
  }

  private disabledAmong(requests: readonly StartFamilyDto[]): Promise<Set<string>> {
    return this.subjects.disabledAmong(requests.map(({ subject }) => subject));
  }

  private future(field: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const time = Date.parse(text);
    if (time <= this.clock.now()) throw invalid(field, 'must be in the future');
    return time;
  }
}

function sha256Of({ refresh_token: token, refresh_token_sha256: sha256 }: AdoptFamilyDto): Buffer {
  if ((token === undefined) === (sha256 === undefined)) {
    throw invalid('refresh_token', 'or refresh_token_sha256 must be given, and not both');
  }
  if (token === undefined) {
    if (!/^[0-9a-f]{64}$/i.test(sha256!)) throw invalid('refresh_token_sha256', 'must have 64 hexadecimal digits');
    return Buffer.from(sha256!, 'hex');
  }
  if (!/^[\x20-\x7e]+$/.test(token)) throw invalid('refresh_token', 'must be visible ASCII (RFC 6749 appendix A.17)');
  if (looksLikeRefreshToken(token)) throw invalid('refresh_token', 'must be of another server, and not begin with rt_');
  return tokenSha256(token);
}

function scopeWithin(client: Client, text: string): string[] {
  const scope = text === '' ? [] : parseScope(text);
  if (!scope) throw invalid('scope', 'must be scope tokens with single spaces between them (RFC 6749 section 3.3)');
  if (!isWithin(scope, client.scopes)) throw invalid('scope', 'must be within the scopes of the client');
  return scope;
}

const invalid = (field: string, problem: string) => new InvalidFields([{ field, detail: `${field} ${problem}` }]);

const conflict = (description: string) => new OAuthError('conflict', { description });

function asProblems(error: unknown): { readonly problems: readonly string[] } {
  if (error instanceof OAuthError && error.code === 'conflict') return { problems: [error.description] };
  return { problems: problemsIn(error) };
}
