/**
 * Client secrets: 256 random bits, generated here, stored as a keyed SHA-256. A slow hash would add no security (random bits
 * are in no dictionary) and would take most of a token server's time.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';

export interface StoredSecret {
  readonly secretId: string;
  readonly digest: Buffer;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** The hash of another server, until the secret is presented for the first time; the digest then matches nothing. */
  readonly importedHash: string | null;
}

/** 43 URL-safe characters, which form-encoding does not change. */
export const generateSecret = (): string => randomBytes(32).toString('base64url');

/** @param key 32 bytes, derived from the master key */
export const digestSecret = (secret: string, key: Buffer): Buffer => hmacSha256(key, secret);

/** Dummy secret for unknown clients, so that both cases take the same time. */
const DUMMY_SECRET: StoredSecret = {
  secretId: '',
  digest: randomBytes(32),
  expiresAt: null,
  lastUsedAt: null,
  importedHash: null,
};

/**
 * Compares with every secret of the client, each in constant time.
 * @param now milliseconds since the epoch
 */
export function findSecret(
  secrets: readonly StoredSecret[],
  presented: string,
  key: Buffer,
  now: number,
): StoredSecret | undefined {
  const digest = digestSecret(presented, key);
  const candidates = secrets.length > 0 ? secrets : [DUMMY_SECRET];
  return candidates.filter((secret) => timingSafeEqual(secret.digest, digest) && isCurrent(secret, now))[0];
}

/** No start time is checked: a secret works as soon as it is issued, also on a replica whose clock is behind. */
export const isCurrent = ({ expiresAt }: StoredSecret, now: number): boolean =>
  expiresAt === null || now < expiresAt.getTime();
