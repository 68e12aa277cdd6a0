import { Injectable } from '@nestjs/common';
import { Coalescer } from '../platform/database/coalescer.js';
import { Clock } from '../platform/time/clock.js';
import { ScopeCatalog } from '../scopes/scope-catalog.service.js';
import type { Client } from './client.js';
import { ClientRepository } from './client.repository.js';

/** Half the lease of the revocation tracker: no replica uses an older copy of a client. A refresh checks the client in its own statement anyway. */
const FRESH_MS = 1000;
const MAX_CACHED = 10_000;

/** Clients by id: cached for a second, and loaded in batches. */
@Injectable()
export class ClientDirectory {
  private readonly cache = new Map<string, { client: Client; readAt: number }>();
  private readonly loads: Coalescer<string, Client | undefined>;

  constructor(
    store: ClientRepository,
    private readonly scopes: ScopeCatalog,
    private readonly clock: Clock,
  ) {
    this.loads = new Coalescer({ run: (ids) => store.findMany(ids), maxEntries: 500, maxInFlight: 1 });
  }

  /** @returns the cached client, at most a second old; never asks the database */
  cached(clientId: string): Client | undefined {
    const entry = this.cache.get(clientId);
    return entry && this.clock.now() - entry.readAt < FRESH_MS ? entry.client : undefined;
  }

  async find(clientId: string): Promise<Client | undefined> {
    return this.cached(clientId) ?? this.load(clientId);
  }

  /** Reads the client from the database. Unknown ids are not cached, because made-up ones would fill the memory. */
  async load(clientId: string): Promise<Client | undefined> {
    const readAt = this.clock.now();
    // Also for unknown ids, which must not take less work.
    const scopes = await this.scopes.definitions();
    const found = await this.loads.submit(clientId);
    const releases = (scope: string) => scopes.get(scope)?.into.includes('access_token') === true;
    const client = found && { ...found, releasesIntoAccessTokens: found.scopes.some(releases) };
    this.cache.delete(clientId);
    if (client) {
      if (this.cache.size >= MAX_CACHED) this.cache.clear();
      this.cache.set(clientId, { client, readAt });
    }
    return client;
  }

  forget(clientId: string): void {
    this.cache.delete(clientId);
  }
}
