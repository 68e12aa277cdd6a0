import { Injectable, Logger } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import type { ClientRegistration } from '../clients/client-registration.js';
import { ClientIdTaken, ClientsService } from '../clients/clients.service.js';
import type { AdminRole } from '../oauth/scope.js';
import { UsersService } from '../users/users.service.js';
import { UserTaken } from '../users/user-error.js';

/** Actor and correlation id of the registrations at a first start. */
export const FIRST_BOOT = { actor: 'system', correlationId: 'first-boot' };

/** Registers clients and users that do not exist yet, and leaves existing ones unchanged. */
@Injectable()
export class Registrar {
  private readonly logger = new Logger(Registrar.name);

  constructor(
    private readonly clients: ClientsService,
    private readonly users: UsersService,
  ) {}

  /** @returns whether it existed already */
  async ensureClient(registration: ClientRegistration, clientId: string, secret: string): Promise<boolean> {
    if (await this.clients.find(clientId)) return true;
    try {
      await this.clients.register(registration, FIRST_BOOT, { clientId, secret });
    } catch (error) {
      // Another replica was faster, or the client was deleted, and its id stays taken.
      if (!(error instanceof ClientIdTaken)) throw error;
      this.logger.warn(`The client ${clientId} exists already or was deleted, and was not created again.`);
    }
    return false;
  }

  /** Updates these fields if they differ, and leaves the rest as an admin may have set it. */
  async adjustClient(clientId: string, fields: Partial<ClientRegistration>): Promise<void> {
    const client = await this.clients.find(clientId);
    if (!client || isDeepStrictEqual({ ...client, ...fields }, { ...client })) return;
    await this.clients.update(clientId, fields, FIRST_BOOT);
  }

  async ensureUser(
    username: string,
    password: string,
    claims: Record<string, unknown>,
    roles: readonly AdminRole[],
  ): Promise<void> {
    if (await this.users.findByUsername(username)) return;
    try {
      await this.users.create({ username, password, claims }, FIRST_BOOT, roles);
    } catch (error) {
      if (!(error instanceof UserTaken)) throw error;
    }
  }
}
