/**
 * The root key: 32 random bytes per deployment, from which the key of each purpose is derived (HKDF-SHA256, RFC 5869). The
 * database has it sealed under the master key (`REKEY_SECRET`), once for each master key that opens this database. So changing
 * the master key changes one row, and every token, session and secret stays valid.
 */
import { hkdfSync } from 'node:crypto';
import { deriveKey, open, seal, type KeyPurpose } from './master-key.js';

export const ROOT_KEY_BYTES = 32;

export class RootKey {
  constructor(private readonly bytes: Buffer) {}

  /** @returns 32 bytes; too slow for each request */
  derive(purpose: KeyPurpose): Buffer {
    return deriveKey(this.bytes, purpose);
  }

  /** @param masterKey see `masterKeyOf` */
  seal({ id, sealingKey }: MasterKey): Buffer {
    return seal(sealingKey, this.bytes, placeOf(id));
  }

  /** @throws WrongMasterKeyError */
  static open({ id, sealingKey }: MasterKey, box: Buffer): RootKey {
    return new RootKey(open(sealingKey, box, placeOf(id)));
  }
}

export interface MasterKey {
  /** Identifies a master key without revealing anything about it. 16 hex digits. */
  readonly id: string;
  readonly sealingKey: Buffer;
}

/** @param secret the value of `REKEY_SECRET` */
export const masterKeyOf = (secret: string): MasterKey => ({
  id: Buffer.from(hkdfSync('sha256', secret, '', 'rekey/master-key-id', 8)).toString('hex'),
  sealingKey: deriveKey(secret, 'root-key'),
});

const placeOf = (id: string): string => `sealed_root_keys/${id}`;
