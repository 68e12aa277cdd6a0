/**
 * Tokens that only Rekey can read, so that nothing need be stored for them.
 *
 *   prefix + base64url( token key id (1) · random (16) · AES-256-GCM ciphertext of the content as JSON · tag (16) )
 *
 * Each token is encrypted under a key of its own, made from the token key and the random bytes. So the nonce may be
 * constant, and there is no limit of 2^32 tokens per key as there is for random nonces (NIST SP 800-38D §8.3).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { TokenKey } from './token-key.js';

/** One kind of token is never taken for another: each has keys of its own. */
export interface SealedKind {
  readonly prefix: string;
  /** What the keys are derived for. */
  readonly purpose: string;
}

const MAX_CHARACTERS = 8192;
const BODY = /^[\w-]+$/;
const HEAD_BYTES = 17;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const NONCE = Buffer.alloc(12);

const sealingKeys = new WeakMap<TokenKey, Map<string, Buffer>>();

export function seal(kind: SealedKind, content: object, key: TokenKey): string {
  const head = Buffer.concat([Buffer.of(key.id), randomBytes(HEAD_BYTES - 1)]);
  const cipher = createCipheriv(CIPHER, keyOfToken(kind, head, key), NONCE).setAAD(head);
  const sealed = [head, cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()];
  return kind.prefix + Buffer.concat(sealed).toString('base64url');
}

/**
 * @param keyOf the token key of an id, if there is one
 * @returns the content; undefined for whatever was not sealed as this kind under one of the keys
 */
export function open(
  kind: SealedKind,
  token: string,
  keyOf: (id: number) => TokenKey | undefined,
): Record<string, unknown> | undefined {
  const text = token.slice(kind.prefix.length);
  if (token.length > MAX_CHARACTERS || !token.startsWith(kind.prefix) || !BODY.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
  const key = keyOf(bytes.readUInt8(0));
  return key && decrypt(kind, bytes, key);
}

function decrypt(kind: SealedKind, bytes: Buffer, key: TokenKey): Record<string, unknown> | undefined {
  const head = bytes.subarray(0, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, keyOfToken(kind, head, key), NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(head).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
    // Authentic, so it is what `seal` wrote.
    return JSON.parse(plaintext.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const keyOfToken = (kind: SealedKind, head: Buffer, key: TokenKey): Buffer =>
  createHmac('sha256', sealingKeyOf(kind, key)).update(head.subarray(1)).digest();

/** Apart from the key that authenticates refresh tokens. */
function sealingKeyOf({ purpose }: SealedKind, key: TokenKey): Buffer {
  const ofKey = sealingKeys.get(key) ?? new Map<string, Buffer>();
  sealingKeys.set(key, ofKey);
  const known = ofKey.get(purpose);
  if (known) return known;
  const derived = Buffer.from(hkdfSync('sha256', key.key, '', purpose, 32));
  ofKey.set(purpose, derived);
  return derived;
}
