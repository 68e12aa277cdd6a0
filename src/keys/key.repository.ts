import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SigningKeyEntity } from './signing-key.entity.js';
import type { SealedSigningKey } from './signing-key.js';
import { TokenKeyEntity } from './token-key.entity.js';
import type { SealedTokenKey } from './token-key.js';

/** An arbitrary constant that nothing else in this database uses as an advisory lock. */
const KEYS_LOCK = 0x72656b79;

export interface StoredSigningKey extends SealedSigningKey {
  /** Milliseconds since the epoch, as all times here. */
  readonly activeFrom: number;
  readonly retiredAt: number | null;
}

export interface StoredTokenKey extends SealedTokenKey {
  readonly activeFrom: number;
}

export interface StoredKeys {
  readonly signingKeys: readonly StoredSigningKey[];
  readonly tokenKeys: readonly StoredTokenKey[];
}

/** The SQL of `signing_keys` and `token_keys`. Never decrypts a key. */
@Injectable()
export class KeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  async load(manager: EntityManager = this.dataSource.manager): Promise<StoredKeys> {
    const signingKeys = await manager.find(SigningKeyEntity);
    const tokenKeys = await manager.find(TokenKeyEntity);
    return { signingKeys: signingKeys.map(toSigningKey), tokenKeys: tokenKeys.map(toTokenKey) };
  }

  /** Runs `work` while no other replica does. Keep it short: the others wait. */
  exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
      return work(manager);
    });
  }

  async insertSigningKey(key: SealedSigningKey, times: { now: number; activeFrom: number }, manager: EntityManager) {
    const { kid, algorithm, encryptedPrivateKey } = key;
    await manager.insert(SigningKeyEntity, { kid, algorithm, encryptedPrivateKey, ...toDates(times), retiredAt: null });
  }

  async activateSigningKey(kid: string, activeFrom: number, manager: EntityManager): Promise<void> {
    await manager.update(SigningKeyEntity, { kid }, { activeFrom: new Date(activeFrom) });
  }

  async retireSigningKey(kid: string, retiredAt: number, manager: EntityManager): Promise<void> {
    await manager.update(SigningKeyEntity, { kid }, { retiredAt: new Date(retiredAt) });
  }

  async deleteSigningKey(kid: string, manager: EntityManager): Promise<void> {
    await manager.delete(SigningKeyEntity, { kid });
  }

  async insertTokenKey(key: SealedTokenKey, times: { now: number; activeFrom: number }, manager: EntityManager) {
    await manager.insert(TokenKeyEntity, { id: key.id, encryptedKey: key.encryptedKey, ...toDates(times) });
  }

  async deleteTokenKey(id: number, manager: EntityManager): Promise<void> {
    await manager.delete(TokenKeyEntity, { id });
  }
}

const toDates = ({ now, activeFrom }: { now: number; activeFrom: number }) => ({
  createdAt: new Date(now),
  activeFrom: new Date(activeFrom),
});

const toSigningKey = ({ kid, algorithm, encryptedPrivateKey, activeFrom, retiredAt }: SigningKeyEntity) => ({
  kid,
  algorithm,
  encryptedPrivateKey,
  activeFrom: activeFrom.getTime(),
  retiredAt: retiredAt?.getTime() ?? null,
});

const toTokenKey = ({ id, encryptedKey, activeFrom }: TokenKeyEntity) => ({
  id,
  encryptedKey,
  activeFrom: activeFrom.getTime(),
});
