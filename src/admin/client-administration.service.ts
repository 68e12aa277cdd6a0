import { Injectable } from '@nestjs/common';
import { registrationDefaults } from '../clients/client-registration.js';
import type { ClientEntity } from '../clients/client.entity.js';
import { ClientIdTaken, ClientsService, InvalidRegistration, type NewSecret } from '../clients/clients.service.js';
import { credentialProblems } from '../clients/known-credentials.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { IN_FLIGHT_MS } from '../revocation/revocation.js';
import { RevocationService, type RevocationRequest } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import type { AddSecretDto } from './client-secret.dto.js';
import type { CreateClientDto, UpdateClientDto } from './client.dto.js';
import { changesIn, fieldProblem } from './client-representation.js';
import { notFound } from './path.pipe.js';
import { demandRoles } from './demand-roles.js';
import type { Admin } from './admin.guard.js';

/** Changes clients and revokes tokens where the change requires it: one transaction, then the tracker, then the answer. */
@Injectable()
export class ClientAdministration {
  constructor(
    private readonly clients: ClientsService,
    private readonly revocations: RevocationService,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields; OAuthError conflict */
  async register(
    request: CreateClientDto,
    admin: Admin,
  ): Promise<{ client: ClientEntity; secret: NewSecret | undefined }> {
    const { name, type } = request;
    const tokenEndpointAuthMethod = type === 'public' ? 'none' : registrationDefaults.tokenEndpointAuthMethod;
    const registration = { ...registrationDefaults, tokenEndpointAuthMethod, ...changesIn(request), name, type };
    demandRoles(admin.scope, registration.scopes);
    const known = {
      clientId: request.client_id,
      secret: request.client_secret,
      secretHash: request.client_secret_hash,
    };
    const problems = credentialProblems(type, known);
    if (problems.length > 0) throw new InvalidFields(problems.map(fieldProblem));
    return this.clients.register(registration, admin, known).catch((error: unknown) => {
      if (error instanceof ClientIdTaken) throw conflict('The client_id is taken.');
      return asInvalidFields(error);
    });
  }

  /** @throws OAuthError not_found */
  async find(clientId: string): Promise<ClientEntity> {
    return (await this.clients.find(clientId)) ?? absent();
  }

  /** @throws InvalidFields; OAuthError not_found */
  async update(clientId: string, request: UpdateClientDto, admin: Admin): Promise<ClientEntity> {
    await this.demandRank(clientId, admin);
    const changes = changesIn(request);
    demandRoles(admin.scope, changes.scopes ?? []);
    const updated = await this.clients
      .update(clientId, changes, admin, async (manager, before) => {
        if (!request.disabled || before.disabledAt !== null) return;
        const disabling = { ...this.endOf(clientId, 'client_disabled', admin), families: 'none' } as const;
        await this.revocations.commit([disabling], manager);
      })
      .catch(asInvalidFields);
    return updated ?? absent();
  }

  /** Also revokes all its families. @throws OAuthError not_found */
  async delete(clientId: string, admin: Admin): Promise<void> {
    await this.demandRank(clientId, admin);
    const found = await this.clients.delete(clientId, admin, async (manager) => {
      await this.revocations.commit([this.endOf(clientId, 'client_deleted', admin)], manager);
    });
    if (!found) absent();
  }

  /** @throws InvalidFields; OAuthError not_found, conflict */
  async addSecret(clientId: string, { expires_at, others_expire_at }: AddSecretDto, admin: Admin): Promise<NewSecret> {
    const expiresAt = expires_at === undefined ? null : new Date(expires_at);
    if (expiresAt && expiresAt.getTime() <= this.clock.now()) {
      throw new InvalidFields([{ field: 'expires_at', detail: 'expires_at must be in the future' }]);
    }
    const { type } = await this.demandRank(clientId, admin);
    if (type === 'public') throw conflict('A public client has no secrets.');
    const others = others_expire_at === undefined ? undefined : new Date(others_expire_at);
    const added = await this.clients
      .addSecret(clientId, admin, { expiresAt, othersExpireAt: others })
      .catch(asConflict);
    return added ?? absent();
  }

  /** @throws OAuthError not_found */
  async deleteSecret(clientId: string, secretId: string, admin: Admin): Promise<void> {
    await this.demandRank(clientId, admin);
    if (!(await this.clients.deleteSecret(clientId, secretId, admin))) absent();
  }

  /** The client, if the caller has each of the roles that it may act in. @throws OAuthError not_found, insufficient_scope */
  private async demandRank(clientId: string, { scope }: Admin): Promise<ClientEntity> {
    const client = await this.find(clientId);
    demandRoles(scope, client.scopes);
    return client;
  }

  private endOf(clientId: string, reason: string, { actor }: Admin): RevocationRequest {
    return { kind: 'client', value: clientId, reason, actor, inFlightMs: IN_FLIGHT_MS };
  }
}

const conflict = (description: string) => new OAuthError('conflict', { description });

function absent(): never {
  throw notFound();
}

function asInvalidFields(error: unknown): never {
  throw error instanceof InvalidRegistration ? new InvalidFields(error.problems.map(fieldProblem)) : error;
}

function asConflict(error: unknown): never {
  throw error instanceof InvalidRegistration ? conflict(`${error.problems.join('; ')}.`) : error;
}
