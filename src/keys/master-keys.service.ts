/**
 * The master keys that open this database. A start with a new `REKEY_SECRET` and the old one as `REKEY_SECRET_PREVIOUS` adds the
 * new one. Replicas with either start as long as both are there; an admin retires the old one when no replica needs it.
 */
import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { Config } from '../platform/config/config.js';
import { Clock } from '../platform/time/clock.js';
import { KeyRepository } from './key.repository.js';
import { WrongMasterKeyError } from './master-key.js';
import { masterKeyOf, ROOT_KEY_BYTES, RootKey, type MasterKey } from './root-key.js';
import { RootKeyRepository } from './root-key.repository.js';
import type { SealedRootKeyEntity } from './sealed-root-key.entity.js';
import { openTokenKey } from './token-key.js';

export interface MasterKeyEntry {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastStartedAt: Date;
  /** Whether it is the `REKEY_SECRET` of this process. */
  readonly isCurrent: boolean;
}

@Injectable()
export class MasterKeys {
  private readonly logger = new Logger('keys');

  constructor(
    private readonly repository: RootKeyRepository,
    private readonly keys: KeyRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** At the start. @throws WrongMasterKeyError */
  openRootKey(): Promise<RootKey> {
    const current = masterKeyOf(this.config.secret);
    return this.repository.exclusively(async (manager) => {
      const boxes = await this.repository.list(manager);
      const own = boxes.find(({ masterKeyId }) => masterKeyId === current.id);
      if (own) {
        await this.repository.started(current.id, new Date(this.clock.now()), manager);
        return RootKey.open(current, own.box);
      }
      const rootKey = boxes.length > 0 ? this.openWithPrevious(boxes) : await this.firstRootKey(manager);
      await this.add(current, rootKey, manager);
      return rootKey;
    });
  }

  /** Oldest first. */
  async list(): Promise<MasterKeyEntry[]> {
    const { id } = masterKeyOf(this.config.secret);
    const boxes = await this.repository.list();
    return boxes.map(({ masterKeyId, createdAt, lastStartedAt }) => ({
      id: masterKeyId,
      createdAt,
      lastStartedAt,
      isCurrent: masterKeyId === id,
    }));
  }

  /**
   * From now on no process can start with this master key. The one of this process stays: some master key must open the database.
   * @returns why nothing was changed: it is the one of this process, or there is no such one, or this process can no longer start
   * itself, because its own was retired
   */
  retire(id: string, admin: AuditOrigin): Promise<'retired' | 'current' | 'unknown' | 'locked_out'> {
    const current = masterKeyOf(this.config.secret).id;
    if (id === current) return Promise.resolve('current');
    return this.repository.exclusively(async (manager) => {
      const boxes = await this.repository.list(manager);
      if (!boxes.some(({ masterKeyId }) => masterKeyId === current)) return 'locked_out';
      if (!(await this.repository.delete(id, manager))) return 'unknown';
      await this.record('master_key.retired', id, admin, manager);
      return 'retired';
    });
  }

  private openWithPrevious(boxes: readonly SealedRootKeyEntity[]): RootKey {
    const previous = this.config.previousSecret && masterKeyOf(this.config.previousSecret);
    const box = previous && boxes.find(({ masterKeyId }) => masterKeyId === previous.id);
    if (!box) throw new WrongMasterKeyError('sealed_root_keys');
    return RootKey.open(previous, box.box);
  }

  /** For a new deployment, or for one that is older than root keys, where all keys are derived from the master key itself. */
  private async firstRootKey(manager: EntityManager): Promise<RootKey> {
    const { tokenKeys } = await this.keys.load(manager);
    if (tokenKeys.length === 0) return new RootKey(randomBytes(ROOT_KEY_BYTES));
    const { secret, previousSecret } = this.config;
    for (const candidate of [secret, previousSecret]) {
      const rootKey = candidate && new RootKey(Buffer.from(candidate));
      if (rootKey && tokenKeys.every((row) => opens(rootKey, row))) return rootKey;
    }
    throw new WrongMasterKeyError('token_keys');
  }

  private async add(masterKey: MasterKey, rootKey: RootKey, manager: EntityManager): Promise<void> {
    const now = new Date(this.clock.now());
    const box = { masterKeyId: masterKey.id, box: rootKey.seal(masterKey), createdAt: now, lastStartedAt: now };
    await this.repository.insert(box, manager);
    await this.record('master_key.added', masterKey.id, { actor: 'system' }, manager);
    this.logger.log(`master_key_added ${masterKey.id}`);
  }

  private record(
    event: 'master_key.added' | 'master_key.retired',
    masterKeyId: string,
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    return this.audit.append(manager, {
      event,
      at: this.clock.now(),
      ...origin,
      detail: { master_key_id: masterKeyId },
    });
  }
}

function opens(rootKey: RootKey, row: Parameters<typeof openTokenKey>[0]): boolean {
  try {
    openTokenKey(row, rootKey.derive('key-encryption'));
    return true;
  } catch (error) {
    if (error instanceof WrongMasterKeyError) return false;
    throw error;
  }
}
