import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Client } from './client.js';
import type { StoredSecret } from './client-secret.js';
import { ClientEntity } from './client.entity.js';

interface SecretRow {
  client_id: string;
  secret_id: string;
  digest: Buffer;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** The SQL on `clients` and `client_secrets` that requests need. */
@Injectable()
export class ClientRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns the clients in the order of the ids; undefined for unknown and deleted ones */
  async findMany(clientIds: readonly string[]): Promise<(Client | undefined)[]> {
    // PostgreSQL refuses text with a NUL in it, so no client has such an id.
    const ids = [...new Set(clientIds)].filter((id) => !id.includes('\0'));
    const [clients, secrets] = [
      await this.dataSource.manager
        .createQueryBuilder(ClientEntity, 'client')
        .where('client.clientId = ANY(:ids) AND client.deletedAt IS NULL', { ids })
        .getMany(),
      await this.dataSource.query<SecretRow[]>(
        'SELECT client_id, secret_id, digest, expires_at, last_used_at FROM client_secrets WHERE client_id = ANY($1)',
        [ids],
      ),
    ];
    const byId = new Map(
      clients.map((client) => [
        client.clientId,
        { ...client, secrets: secrets.filter((row) => row.client_id === client.clientId).map(toSecret) },
      ]),
    );
    return clientIds.map((id) => byId.get(id));
  }

  /** Records the last use of secrets to the minute, which is enough to see which ones are still in use. */
  async touchSecrets(secretIds: readonly string[], now: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE client_secrets SET last_used_at = $2
       WHERE secret_id = ANY($1::uuid[]) AND (last_used_at IS NULL OR last_used_at < $2)`,
      [secretIds, new Date(now)],
    );
  }
}

const toSecret = (row: SecretRow): StoredSecret => ({
  secretId: row.secret_id,
  digest: row.digest,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
});
