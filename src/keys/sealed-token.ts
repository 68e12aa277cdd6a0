/**
 * Tokens with encrypted content, so that nothing is stored for them.
 *
 *   prefix + base64url( token key id (1) · random (16) · AES-256-GCM ciphertext of the content as JSON · tag (16) )
 *
 * Each token is encrypted with its own key, derived from the token key and the random bytes. So the nonce may be constant,
 * and the limit of 2^32 messages per key with random nonces (NIST SP 800-38D §8.3) does not apply.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { hmacSha256 } from './hmac.js';
import type { TokenKey } from './token-key.js';

/** Each kind of token has its own keys, so that one is never accepted as another. */
export interface SealedKind {
  readonly prefix: string;
  /** The purpose in the key derivation. */
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
 * @param keyOf looks up a token key by id
 * @returns the content; undefined unless `seal` made the token for this kind with one of the keys
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
    // Authenticated, so `seal` wrote it.
    return JSON.parse(plaintext.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const keyOfToken = (kind: SealedKind, head: Buffer, key: TokenKey): Buffer =>
  hmacSha256(sealingKeyOf(kind, key), head.subarray(1));

/** Derived, so that it differs from the key that authenticates refresh tokens. */
function sealingKeyOf({ purpose }: SealedKind, key: TokenKey): Buffer {
  const ofKey = sealingKeys.get(key) ?? new Map<string, Buffer>();
  sealingKeys.set(key, ofKey);
  const known = ofKey.get(purpose);
  if (known) return known;
  const derived = Buffer.from(hkdfSync('sha256', key.key, '', purpose, 32));
  ofKey.set(purpose, derived);
  return derived;
}
