import { Injectable } from '@nestjs/common';
import { ClientsService } from '../clients/clients.service.js';
import { OAuthError } from '../oauth/oauth-error.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { fieldOfProblem, InvalidFields } from '../platform/http/invalid-fields.js';
import type { ScopeEntity } from '../scopes/scope.entity.js';
import { MAX_SCOPES } from '../scopes/scope-rules.js';
import { InvalidScope, ScopesService, ScopeTaken, TooManyScopes } from '../scopes/scopes.service.js';
import { notFound } from './path.pipe.js';
import type { CreateScopeDto, UpdateScopeDto } from './scope.dto.js';
import { requestedScope, scopeChangesIn } from './scope-representation.js';

/** Defines, changes and deletes scopes. */
@Injectable()
export class ScopeAdministration {
  constructor(
    private readonly scopes: ScopesService,
    private readonly clients: ClientsService,
  ) {}

  /** @throws InvalidFields; OAuthError conflict */
  define(request: CreateScopeDto, admin: AuditOrigin): Promise<ScopeEntity> {
    return this.scopes.define(requestedScope(request), admin).catch(asAnswer);
  }

  /** @throws OAuthError not_found */
  async find(name: string): Promise<ScopeEntity> {
    const scope = await this.scopes.find(name);
    if (!scope) throw notFound();
    return scope;
  }

  /** @throws InvalidFields; OAuthError not_found */
  async update(name: string, request: UpdateScopeDto, admin: AuditOrigin): Promise<ScopeEntity> {
    const updated = await this.scopes.update(name, scopeChangesIn(request), admin).catch(asAnswer);
    if (!updated) throw notFound();
    return updated;
  }

  /**
   * Refused while clients may ask for it. One that gets it at this very moment has a scope without a definition, which is
   * allowed and releases nothing.
   * @throws OAuthError not_found, conflict
   */
  async delete(name: string, admin: AuditOrigin): Promise<void> {
    await this.find(name);
    const users = await this.clients.withScope(name);
    if (users.length > 0) throw inUse(users);
    if (!(await this.scopes.delete(name, admin))) throw notFound();
  }
}

const MAX_NAMED = 5;

function inUse(clientIds: readonly string[]): OAuthError {
  const named = clientIds.slice(0, MAX_NAMED).map((id) => JSON.stringify(id));
  const others = clientIds.length - named.length;
  const who = others > 0 ? `${named.join(', ')} and ${others} more` : named.join(', ');
  return conflict(`Clients have this scope: ${who}. Take it from them first.`);
}

const conflict = (description: string) => new OAuthError('conflict', { description });

function asAnswer(error: unknown): never {
  if (error instanceof InvalidScope) throw new InvalidFields(error.problems.map(fieldOfProblem));
  if (error instanceof ScopeTaken) throw conflict('The scope is defined already.');
  if (error instanceof TooManyScopes) throw conflict(`There are ${MAX_SCOPES} scopes already, which is the most.`);
  throw error;
}
