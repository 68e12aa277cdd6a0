import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
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

/** `signing_keys` and `token_keys`. Never decrypts a key. */
@Injectable()
export class KeyRepository {
  constructor(
    @InjectRepository(SigningKeyEntity) private readonly signingKeys: Repository<SigningKeyEntity>,
    @InjectRepository(TokenKeyEntity) private readonly tokenKeys: Repository<TokenKeyEntity>,
  ) {}

  async load(manager: EntityManager = this.signingKeys.manager): Promise<StoredKeys> {
    const signingKeys = await manager.withRepository(this.signingKeys).find();
    const tokenKeys = await manager.withRepository(this.tokenKeys).find();
    return { signingKeys: signingKeys.map(toSigningKey), tokenKeys: tokenKeys.map(toTokenKey) };
  }

  /** Runs `work` while no other replica does. Keep it short: the others wait. */
  exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.signingKeys.manager.transaction(async (manager) => {
      // SQL, because TypeORM has no advisory locks.
      await manager.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
      return work(manager);
    });
  }

  async insertSigningKey(key: SealedSigningKey, times: { now: number; activeFrom: number }, manager: EntityManager) {
    const { kid, algorithm, encryptedPrivateKey } = key;
    await manager
      .withRepository(this.signingKeys)
      .insert({ kid, algorithm, encryptedPrivateKey, ...toDates(times), retiredAt: null });
  }

  async activateSigningKey(kid: string, activeFrom: number, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.signingKeys).update({ kid }, { activeFrom: new Date(activeFrom) });
  }

  async retireSigningKey(kid: string, retiredAt: number, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.signingKeys).update({ kid }, { retiredAt: new Date(retiredAt) });
  }

  async deleteSigningKey(kid: string, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.signingKeys).delete({ kid });
  }

  async insertTokenKey(key: SealedTokenKey, times: { now: number; activeFrom: number }, manager: EntityManager) {
    await manager
      .withRepository(this.tokenKeys)
      .insert({ id: key.id, encryptedKey: key.encryptedKey, ...toDates(times) });
  }

  async deleteTokenKey(id: number, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.tokenKeys).delete({ id });
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
