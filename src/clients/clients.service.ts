import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEventName, AuditOrigin } from '../platform/audit/audit-event.js';
import { Config } from '../platform/config/config.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import { transaction } from '../platform/database/transaction.js';
import { RootKey } from '../keys/root-key.js';
import { keptAlgorithms } from '../keys/signing-algorithm.js';
import { Clock } from '../platform/time/clock.js';
import type { ClientEntity } from './client.entity.js';
import { ClientDirectory } from './client-directory.service.js';
import { registrationProblems, type ClientRegistration } from './client-registration.js';
import type { KnownCredentials } from './known-credentials.js';
import { digestSecret, generateSecret } from './client-secret.js';
import { ClientRepository } from './client.repository.js';
import type { ClientSecretEntity } from './client-secret.entity.js';
import { EgressPolicy } from '../platform/egress/egress-policy.js';
import type { Deployment } from './sign-in-registration.js';

/** The registration is invalid; its problems are shown to the admin who sent it. */
export class InvalidRegistration extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'InvalidRegistration';
  }
}

export class ClientIdTaken extends Error {}

export interface NewSecret {
  readonly secretId: string;
  /** Shown once; only its digest is stored. Meaningless if only the hash of another server is known. */
  readonly secret: string;
  readonly expiresAt: Date | null;
}

/** More than any rotation needs; each secret costs a comparison. */
const MAX_SECRETS = 10;

/** Registers and changes clients and their secrets. The caller says what a change must revoke, in the same transaction. */
@Injectable()
export class ClientsService {
  private readonly secretKey: Buffer;
  private readonly deployment: Deployment;

  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: ClientRepository,
    private readonly directory: ClientDirectory,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    rootKey: RootKey,
    config: Config,
  ) {
    this.secretKey = rootKey.derive('client-secret-digest');
    this.deployment = {
      signingAlgorithms: keptAlgorithms(config.signingAlgorithm),
      production: config.environment === 'production',
      egress: new EgressPolicy(config.environment === 'production', config.egressAllow),
    };
  }

  /**
   * @param known an id and a secret, or the hash of one, to use instead of generated ones: of the first admin client, or of a
   *   client of another server
   * @throws InvalidRegistration; ClientIdTaken
   */
  async register(
    registration: ClientRegistration,
    change: AuditOrigin,
    known: KnownCredentials = {},
  ): Promise<{ client: ClientEntity; secret: NewSecret | undefined }> {
    throwProblems(registrationProblems(registration, this.deployment));
    const now = new Date(this.clock.now());
    const clientId = known.clientId ?? uuidv7();
    const client: ClientEntity = {
      ...registration,
      clientId,
      longestAccessTokenTtlSeconds: registration.accessTokenTtlSeconds,
      createdAt: now,
      updatedAt: now,
      disabledAt: null,
      deletedAt: null,
    };
    const secret = await this.dataSource
      .transaction(async (manager) => {
        await this.repository.insert(client, manager);
        await this.record(manager, 'client.created', clientId, change);
        return client.type === 'confidential' ? this.insertSecret(manager, clientId, known) : undefined;
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? new ClientIdTaken() : error;
      });
    return { client, secret };
  }

  find(clientId: string): Promise<ClientEntity | null> {
    return this.repository.find(clientId);
  }

  /** By id, ascending. @param after the id that the page starts after */
  list(limit: number, after?: string): Promise<ClientEntity[]> {
    return this.repository.list(limit, after);
  }

  /** The ids of the clients that may have this scope, in order. */
  withScope(scope: string): Promise<string[]> {
    return this.repository.withScope(scope);
  }

  /**
   * Applies a change through the same rules as a registration.
   * @param alongside runs in the same transaction, for revocations that the change requires
   * @returns undefined if there is no such client
   */
  async update(
    clientId: string,
    changes: Partial<ClientRegistration> & { disabled?: boolean | undefined },
    change: AuditOrigin,
    alongside?: (manager: EntityManager, before: ClientEntity) => Promise<void>,
  ): Promise<ClientEntity | undefined> {
    const { disabled, ...fields } = changes;
    const updated = await transaction(this.dataSource, async (manager) => {
      const before = await this.repository.lock(clientId, manager);
      if (!before) return undefined;
      const now = new Date(this.clock.now());
      const after: ClientEntity = { ...before, ...fields, updatedAt: now };
      if (disabled !== undefined) after.disabledAt = disabled ? (before.disabledAt ?? now) : null;
      after.longestAccessTokenTtlSeconds = Math.max(before.longestAccessTokenTtlSeconds, after.accessTokenTtlSeconds);
      // Disabling skips the rules: the service's settings may have changed since the client was registered.
      if (Object.keys(fields).length > 0) throwProblems(registrationProblems(after, this.deployment));
      await this.repository.update(clientId, after, manager);
      await this.record(manager, 'client.updated', clientId, change, { fields: Object.keys(changes) });
      await alongside?.(manager, before);
      return after;
    });
    this.directory.forget(clientId);
    return updated;
  }

  /** Deletes the client; its id stays taken. @returns false if there is no such client */
  async delete(
    clientId: string,
    change: AuditOrigin,
    alongside?: (manager: EntityManager) => Promise<void>,
  ): Promise<boolean> {
    const deleted = await transaction(this.dataSource, async (manager) => {
      if (!(await this.repository.lock(clientId, manager))) return false;
      const now = new Date(this.clock.now());
      await this.repository.update(clientId, { deletedAt: now, updatedAt: now }, manager);
      await this.repository.deleteSecrets({ clientId }, manager);
      await this.record(manager, 'client.deleted', clientId, change);
      await alongside?.(manager);
      return true;
    });
    this.directory.forget(clientId);
    return deleted;
  }

  /** Newest first, without the digests. */
  listSecrets(clientId: string): Promise<Omit<ClientSecretEntity, 'digest' | 'client' | 'importedHash'>[]> {
    return this.repository.listSecrets(clientId);
  }

  /**
   * Adds a secret. The existing ones stay valid, until `othersExpireAt` if that is given.
   * @returns undefined if there is no such confidential client @throws InvalidRegistration when it has too many secrets
   */
  async addSecret(
    clientId: string,
    change: AuditOrigin,
    { expiresAt = null, othersExpireAt }: { expiresAt?: Date | null; othersExpireAt?: Date | undefined } = {},
  ): Promise<NewSecret | undefined> {
    const added = await this.dataSource.transaction(async (manager) => {
      const client = await this.repository.lock(clientId, manager);
      if (client?.type !== 'confidential') return undefined;
      const count = await this.repository.countSecrets(clientId, manager);
      if (count >= MAX_SECRETS)
        throw new InvalidRegistration([`secrets may be ${MAX_SECRETS} at most; delete one first`]);
      if (othersExpireAt) await this.repository.expireSecrets(clientId, othersExpireAt, manager);
      const secret = await this.insertSecret(manager, clientId, {}, expiresAt);
      await this.record(manager, 'client.secret_added', clientId, change, { secret_id: secret.secretId });
      return secret;
    });
    this.directory.forget(clientId);
    return added;
  }

  /** @returns false if there is no such secret */
  async deleteSecret(clientId: string, secretId: string, change: AuditOrigin): Promise<boolean> {
    const deleted = await this.dataSource.transaction(async (manager) => {
      if ((await this.repository.deleteSecrets({ clientId, secretId }, manager)) === 0) return false;
      await this.record(manager, 'client.secret_removed', clientId, change, { secret_id: secretId });
      return true;
    });
    this.directory.forget(clientId);
    return deleted;
  }

  private async insertSecret(
    manager: EntityManager,
    clientId: string,
    { secret: given, secretHash }: KnownCredentials,
    expiresAt: Date | null = null,
  ): Promise<NewSecret> {
    const now = new Date(this.clock.now());
    const secretId = uuidv7();
    const secret = given ?? generateSecret();
    await this.repository.insertSecret(
      {
        secretId,
        clientId,
        digest: digestSecret(secret, this.secretKey),
        createdAt: now,
        startsAt: now,
        expiresAt,
        imported: given !== undefined || secretHash !== undefined,
        importedHash: secretHash ?? null,
      },
      manager,
    );
    return { secretId, secret, expiresAt };
  }

  private record(
    manager: EntityManager,
    event: AuditEventName,
    clientId: string,
    change: AuditOrigin,
    detail?: Record<string, unknown>,
  ) {
    return this.audit.append(manager, { event, at: this.clock.now(), clientId, ...change, detail });
  }
}

function throwProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidRegistration(problems);
}
