/**
 * HMAC-SHA-256 (RFC 2104) as two one-shot hashes. `createHmac` makes a native object for each MAC, which costs more than
 * the hashing; the padded blocks of a key are computed once.
 */
import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;

interface Pads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

const padsOf = new WeakMap<Buffer, Pads>();

/** @param key of any length; its bytes must not change afterwards @param data text counts as UTF-8 @returns 32 bytes */
export function hmacSha256(key: Buffer, data: string | Uint8Array): Buffer {
  let pads = padsOf.get(key);
  if (!pads) padsOf.set(key, (pads = padsFor(key)));
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  return sha256(Buffer.concat([pads.outer, sha256(Buffer.concat([pads.inner, bytes]))]));
}

/** A key longer than a block is hashed first (RFC 2104 §2). */
function padsFor(key: Buffer): Pads {
  const block = Buffer.alloc(BLOCK_BYTES);
  (key.length > BLOCK_BYTES ? sha256(key) : key).copy(block);
  return { inner: block.map((byte) => byte ^ 0x36) as Buffer, outer: block.map((byte) => byte ^ 0x5c) as Buffer };
}

/** As a binary string on the way: Node's `buffer` encoding takes twice as long. */
const sha256 = (bytes: Uint8Array): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');
