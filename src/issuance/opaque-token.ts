/**
 * Opaque access tokens: the claims, sealed, so that only Rekey can read them and nothing need be stored.
 *
 *   at_ + base64url( token key id (1) · random (16) · AES-256-GCM ciphertext of the claims as JSON · tag (16) )
 *
 * Each token is encrypted under a key of its own, made from the token key and the random bytes. So the nonce may be
 * constant, and there is no limit of 2^32 tokens per key as there is for random nonces (NIST SP 800-38D §8.3).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { TokenKey } from '../keys/token-key.js';

const PREFIX = 'at_';
const TOKEN = /^at_[\w-]+$/;
const MAX_CHARACTERS = 8192;
const HEAD_BYTES = 17;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const NONCE = Buffer.alloc(12);

const sealingKeys = new WeakMap<TokenKey, Buffer>();

export const looksOpaque = (token: string): boolean => token.startsWith(PREFIX);

export function sealOpaque(claims: object, key: TokenKey): string {
  const head = Buffer.concat([Buffer.of(key.id), randomBytes(HEAD_BYTES - 1)]);
  const cipher = createCipheriv(CIPHER, keyOfToken(head, key), NONCE).setAAD(head);
  const sealed = [head, cipher.update(JSON.stringify(claims), 'utf8'), cipher.final(), cipher.getAuthTag()];
  return PREFIX + Buffer.concat(sealed).toString('base64url');
}

/**
 * @param keyOf the token key of an id, if there is one
 * @returns the claims; undefined for whatever was not sealed under one of the keys
 */
export function openOpaque(
  token: string,
  keyOf: (id: number) => TokenKey | undefined,
): Record<string, unknown> | undefined {
  if (token.length > MAX_CHARACTERS || !TOKEN.test(token)) return undefined;
  const text = token.slice(PREFIX.length);
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
  const key = keyOf(bytes.readUInt8(0));
  return key && decrypt(bytes, key);
}

function decrypt(bytes: Buffer, key: TokenKey): Record<string, unknown> | undefined {
  const head = bytes.subarray(0, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, keyOfToken(head, key), NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(head).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
    // Authentic, so it is what sealOpaque wrote.
    return JSON.parse(plaintext.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const keyOfToken = (head: Buffer, key: TokenKey): Buffer =>
  createHmac('sha256', sealingKeyOf(key)).update(head.subarray(1)).digest();

/** Apart from the key that authenticates refresh tokens. */
function sealingKeyOf(key: TokenKey): Buffer {
  const known = sealingKeys.get(key);
  if (known) return known;
  const derived = Buffer.from(hkdfSync('sha256', key.key, '', 'opaque-access-token', 32));
  sealingKeys.set(key, derived);
  return derived;
}
