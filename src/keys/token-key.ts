/** A token key: the secret for refresh tokens (MAC) and opaque access tokens, and its sealed form. */
import { randomBytes } from 'node:crypto';
import { open, seal } from './master-key.js';

export interface TokenKey {
  /** 0 to 255: the first byte of every token made with it. */
  readonly id: number;
  /** 32 bytes. */
  readonly key: Buffer;
}

export interface SealedTokenKey {
  readonly id: number;
  readonly encryptedKey: Buffer;
}

const KEY_BYTES = 32;

export const generateTokenKey = (id: number): TokenKey => ({ id, key: randomBytes(KEY_BYTES) });

export const sealTokenKey = ({ id, key }: TokenKey, sealingKey: Buffer): SealedTokenKey => ({
  id,
  encryptedKey: seal(sealingKey, key, placeOf(id)),
});

/** @throws WrongMasterKeyError */
export const openTokenKey = ({ id, encryptedKey }: SealedTokenKey, sealingKey: Buffer): TokenKey => ({
  id,
  key: open(sealingKey, encryptedKey, placeOf(id)),
});

const placeOf = (id: number): string => `token_keys/${id}`;
