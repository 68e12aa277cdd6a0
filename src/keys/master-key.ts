/**
 * Derived keys, one per purpose (HKDF-SHA256, RFC 5869), and sealed boxes for encrypted data in the database. Their sources, the
 * master key (`REKEY_SECRET`) and the root key (`root-key.ts`), never encrypt or authenticate anything themselves.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Each purpose has its own key, so that a value made for one purpose is invalid for any other. */
export type KeyPurpose =
  | 'root-key'
  | 'client-secret-digest'
  | 'key-encryption'
  | 'token-identity'
  | 'page-cursor'
  | 'revocation-confirmation'
  | 'form-token'
  | 'upstream-sign-in'
  | 'password-decoy'
  | 'imported-refresh-token'
  | 'console-client'
  | 'mail-link';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** @returns 32 bytes, the same for the same secret and purpose; too slow for each request */
export function deriveKey(secret: string | Buffer, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `rekey/${purpose}`, KEY_BYTES));
}

/**
 * @param aad the place of the box (table and id); it does not open elsewhere, so rows cannot be swapped
 * @returns nonce (12 bytes) · AES-256-GCM ciphertext · tag (16 bytes)
 */
export function seal(key: Buffer, plaintext: Buffer, aad: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws WrongMasterKeyError when the box was not sealed with this key for this place */
export function open(key: Buffer, box: Buffer, aad: string): Buffer {
  try {
    const nonce = box.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(aad)).setAuthTag(box.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // Without a cause: the cipher's error does not help and must not be logged.
    throw new WrongMasterKeyError(aad);
  }
}

export class WrongMasterKeyError extends Error {
  constructor(place: string) {
    super(
      `REKEY_SECRET is not the one this database was set up with: ${place} cannot be decrypted. If it was changed, start with the ` +
        'one before as REKEY_SECRET_PREVIOUS.',
    );
    this.name = 'WrongMasterKeyError';
  }
}
