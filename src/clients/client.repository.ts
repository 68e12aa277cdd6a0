import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, ArrayContains, IsNull, LessThan, MoreThan, Or, Raw, type EntityManager, type Repository } from 'typeorm';
import type { Client } from './client.js';
import { ClientEntity } from './client.entity.js';
import { ClientSecretEntity } from './client-secret.entity.js';

/**
 * For an unknown id the row of another client is read, and then ignored: building a client from its row takes longer than
 * finding none, and would show which ids exist. SQL, because both must be one statement.
 */
const knownOrStandIn = (column: string): string => `${column} = ANY (ARRAY(
  SELECT coalesce(known.client_id, (SELECT client_id FROM client_secrets ORDER BY client_id LIMIT 1))
  FROM unnest(CAST(:ids AS text[])) AS asked (id)
  LEFT JOIN clients AS known ON known.client_id = asked.id AND known.deleted_at IS NULL))`;

/** `clients` and `client_secrets`. Deleted clients are excluded. */
@Injectable()
export class ClientRepository {
  constructor(
    @InjectRepository(ClientEntity) private readonly clients: Repository<ClientEntity>,
    @InjectRepository(ClientSecretEntity) private readonly secrets: Repository<ClientSecretEntity>,
  ) {}

  /** @returns the clients in the order of the ids, with their secrets; undefined for unknown ones */
  async findMany(clientIds: readonly string[]): Promise<(Client | undefined)[]> {
    // PostgreSQL refuses text with a NUL in it, so no client has such an id.
    const ids = [...new Set(clientIds)].filter((id) => !id.includes('\0'));
    const clients = await this.clients.findBy({ clientId: Raw(knownOrStandIn, { ids }), deletedAt: IsNull() });
    const secrets = await this.secrets.findBy({ clientId: Raw(knownOrStandIn, { ids }) });
    const byId = new Map(
      clients.map((client) => [
        client.clientId,
        { ...client, secrets: secrets.filter(({ clientId }) => clientId === client.clientId) },
      ]),
    );
    return clientIds.map((id) => byId.get(id));
  }

  find(clientId: string): Promise<ClientEntity | null> {
    return this.clients.findOneBy({ clientId, deletedAt: IsNull() });
  }

  /** Locks the client until the transaction ends. */
  lock(clientId: string, manager: EntityManager): Promise<ClientEntity | null> {
    return manager
      .withRepository(this.clients)
      .findOne({ where: { clientId, deletedAt: IsNull() }, lock: { mode: 'pessimistic_write' } });
  }

  /** By id, ascending. @param after the id that the page starts after */
  list(limit: number, after?: string): Promise<ClientEntity[]> {
    return this.clients.find({
      where: { deletedAt: IsNull(), ...(after !== undefined && { clientId: MoreThan(after) }) },
      order: { clientId: 'ASC' },
      take: limit,
    });
  }

  /** The ids of the clients that may have this scope, in order. */
  async withScope(scope: string): Promise<string[]> {
    const clients = await this.clients.find({
      select: { clientId: true },
      where: { deletedAt: IsNull(), scopes: ArrayContains([scope]) },
      order: { clientId: 'ASC' },
    });
    return clients.map(({ clientId }) => clientId);
  }

  /** @throws a unique violation when the id is taken */
  async insert(client: ClientEntity, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.clients).insert(client);
  }

  async update(clientId: string, changes: Partial<ClientEntity>, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.clients).update({ clientId }, changes);
  }

  /** Newest first, without the digests. */
  listSecrets(clientId: string): Promise<Omit<ClientSecretEntity, 'digest' | 'client' | 'importedHash'>[]> {
    return this.secrets.find({
      select: { secretId: true, clientId: true, createdAt: true, expiresAt: true, lastUsedAt: true, imported: true },
      where: { clientId },
      order: { createdAt: 'DESC' },
    });
  }

  countSecrets(clientId: string, manager: EntityManager): Promise<number> {
    return manager.withRepository(this.secrets).countBy({ clientId });
  }

  async insertSecret(secret: Omit<ClientSecretEntity, 'client' | 'lastUsedAt'>, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.secrets).insert(secret);
  }

  /** Lets secrets that would be valid for longer expire at that time. */
  async expireSecrets(clientId: string, expiresAt: Date, manager: EntityManager): Promise<void> {
    await manager
      .withRepository(this.secrets)
      .update({ clientId, expiresAt: Or(IsNull(), MoreThan(expiresAt)) }, { expiresAt });
  }

  /** Deletes one secret, or all. @returns how many */
  async deleteSecrets(which: { clientId: string; secretId?: string }, manager: EntityManager): Promise<number> {
    const { affected } = await manager.withRepository(this.secrets).delete(which);
    return affected ?? 0;
  }

  /** Replaces the hash of another server with our digest, unless another replica has done so. */
  async keepImported(secretId: string, importedHash: string, digest: Buffer): Promise<void> {
    await this.secrets.update({ secretId, importedHash }, { digest, importedHash: null });
  }

  /** Records the last use of secrets to the minute, which is enough to see which ones are still in use. */
  async touchSecrets(secretIds: readonly string[], now: number): Promise<void> {
    const lastUsedAt = new Date(now);
    await this.secrets.update(
      { secretId: Any(secretIds), lastUsedAt: Or(IsNull(), LessThan(lastUsedAt)) },
      { lastUsedAt },
    );
  }
}
