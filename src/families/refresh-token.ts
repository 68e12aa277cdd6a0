/**
 * The refresh token: a family and a generation, with a MAC. Nothing is stored per token, and a token that was not minted here is
 * refused without a database query.
 *
 *   rt_ + base64url( key id (1) · family handle (16) · generation (4, big endian) · HMAC-SHA-256 of those, first 24 bytes )
 *
 * 45 bytes, 60 characters; guessing one takes 2^192 attempts (RFC 6749 §10.10 asks for 2^160).
 */
import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';
import type { TokenKey } from '../keys/token-key.js';

export interface RefreshTokenParts {
  /** The family's primary key, as PostgreSQL writes a UUID. Secret. */
  readonly handle: string;
  /** 0 to 2^32 − 1. */
  readonly generation: number;
}

const PREFIX = 'rt_';
const SIGNED_BYTES = 21;
const MAC_BYTES = 24;
const TOKEN = /^rt_[A-Za-z0-9_-]{60}$/;

/** Every refresh token of ours does; another server's, which may have been imported, must not. */
export const looksLikeRefreshToken = (token: string): boolean => token.startsWith(PREFIX);

export function mintRefreshToken({ handle, generation }: RefreshTokenParts, key: TokenKey): string {
  const bytes = Buffer.allocUnsafe(SIGNED_BYTES + MAC_BYTES);
  bytes.writeUInt8(key.id, 0);
  bytes.write(handle.replaceAll('-', ''), 1, 'hex');
  bytes.writeUInt32BE(generation, 17);
  mac(bytes, key).copy(bytes, SIGNED_BYTES, 0, MAC_BYTES);
  return PREFIX + bytes.toString('base64url');
}

/**
 * @param keyOf looks up a token key by id
 * @returns undefined unless the token was minted with one of the keys
 */
export function parseRefreshToken(
  token: string,
  keyOf: (id: number) => TokenKey | undefined,
): RefreshTokenParts | undefined {
  if (!TOKEN.test(token)) return undefined;
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
  const key = keyOf(bytes.readUInt8(0));
  if (!key || !timingSafeEqual(mac(bytes, key).subarray(0, MAC_BYTES), bytes.subarray(SIGNED_BYTES))) return undefined;
  return { handle: uuid(bytes.toString('hex', 1, 17)), generation: bytes.readUInt32BE(17) };
}

const mac = (bytes: Buffer, { key }: TokenKey): Buffer => hmacSha256(key, bytes.subarray(0, SIGNED_BYTES));

const uuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
