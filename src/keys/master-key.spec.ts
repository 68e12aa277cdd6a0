import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { deriveKey, open, seal, WrongMasterKeyError } from './master-key.js';

const secret = 'Zt8wPq3LkX0vN5cYb7RmJ2dHs9GfAe4U';
const key = deriveKey(secret, 'key-encryption');

/** RFC 5869 §2, written out: extract with no salt, then the first block of expand. */
function hkdf(secret: string, info: string): Buffer {
  const prk = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
  return createHmac('sha256', prk).update(`${info}\x01`).digest();
}

describe('a derived key', () => {
  it('a derived key is HKDF-SHA256 of the master key, with the purpose as its label', () => {
    expect(key).toEqual(hkdf(secret, 'rekey/key-encryption'));
    expect(key).toHaveLength(32);
  });

  it('a derived key differs by purpose and by master key', () => {
    const keys = [key, deriveKey(secret, 'client-secret-digest'), deriveKey(`${secret}.`, 'key-encryption')];
    expect(new Set(keys.map((one) => one.toString('hex'))).size).toBe(3);
  });
});

describe('a sealed box', () => {
  const plaintext = Buffer.from('a private key');

  it('a sealed box opens with its key and place, and no two are alike', () => {
    const [one, other] = [seal(key, plaintext, 'token_keys/7'), seal(key, plaintext, 'token_keys/7')];
    expect(open(key, one, 'token_keys/7')).toEqual(plaintext);
    expect(one.equals(other)).toBe(false);
    expect(one.includes(plaintext)).toBe(false);
  });

  it('a sealed box does not open in another row', () => {
    const box = seal(key, plaintext, 'token_keys/7');
    expect(() => open(key, box, 'token_keys/8')).toThrow(WrongMasterKeyError);
  });

  it('a sealed box with a bit changed, or truncated, does not open', () => {
    const box = seal(key, plaintext, 'token_keys/7');
    for (let at = 0; at < box.length; at++) {
      const changed = Buffer.from(box);
      changed[at]! ^= 1;
      expect(() => open(key, changed, 'token_keys/7')).toThrow(WrongMasterKeyError);
      expect(() => open(key, box.subarray(0, at), 'token_keys/7')).toThrow(WrongMasterKeyError);
    }
  });

  it('another master key fails with the name of the setting, and without key or content', () => {
    const box = seal(key, plaintext, 'signing_keys/ES256/abc');
    const other = randomBytes(32);
    let error: unknown;
    try {
      open(other, box, 'signing_keys/ES256/abc');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(WrongMasterKeyError);
    expect((error as Error).message).toContain('REKEY_SECRET is not the one this database was set up with');
    expect((error as Error).cause).toBeUndefined();
    for (const bytes of [key, other, box, plaintext]) {
      for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const) {
        expect(JSON.stringify([error, (error as Error).stack])).not.toContain(bytes.toString(encoding));
      }
    }
  });
});
