/** A signing key in memory, and its sealed form in the database. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { open, seal } from './master-key.js';
import { signingAlgorithms, type SigningAlgorithm } from './signing-algorithm.js';

export interface VerificationKey {
  /** The RFC 7638 thumbprint of the public key, so that no kid is ever reused. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

export interface SealedSigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly encryptedPrivateKey: Buffer;
}

/** Runs in libuv's thread pool: an RSA key takes some hundred milliseconds. */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { publicKey, privateKey } = await signingAlgorithms[algorithm]();
  return { kid: await calculateJwkThumbprint(publicKey), algorithm, publicKey, privateKey };
}

export function sealSigningKey({ kid, algorithm, privateKey }: SigningKey, sealingKey: Buffer): SealedSigningKey {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  return { kid, algorithm, encryptedPrivateKey: seal(sealingKey, der, placeOf(kid, algorithm)) };
}

/**
 * Derives the public key from the sealed private key. A public key stored in clear could be replaced by anyone who can write
 * to the database.
 * @throws WrongMasterKeyError
 */
export function openSigningKey(
  { kid, algorithm, encryptedPrivateKey }: SealedSigningKey,
  sealingKey: Buffer,
): SigningKey {
  const der = open(sealingKey, encryptedPrivateKey, placeOf(kid, algorithm));
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { kid, algorithm, privateKey, publicKey: createPublicKey(privateKey) };
}

/** The public members, and the use of the key (RFC 7517 §4). */
export const publicJwkOf = ({ kid, algorithm, publicKey }: VerificationKey): JWK => ({
  ...(publicKey.export({ format: 'jwk' }) as JWK),
  kid,
  use: 'sig',
  alg: algorithm,
});

const placeOf = (kid: string, algorithm: SigningAlgorithm): string => `signing_keys/${algorithm}/${kid}`;
