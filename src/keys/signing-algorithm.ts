/**
 * The JWS algorithms that Rekey signs with (RFC 7518 §3.1, RFC 8037 §3.1), and their keys. `jws.ts` makes the signatures.
 */
import { generateKeyPair as generateKeyPairWithCallback, type KeyPairKeyObjectResult } from 'node:crypto';
import { promisify } from 'node:util';

const generateKeyPair = promisify(generateKeyPairWithCallback);

/**
 * 2048 bits: every verifier accepts them, RFC 7518 §3.3 requires no more, and signing takes a third of the time of 3072. A
 * key is used for months and signs tokens that live for minutes, so the end of 112-bit security in 2030 does not matter.
 */
const RSA = { modulusLength: 2048 };

export const signingAlgorithms = {
  ES256: () => generateKeyPair('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPair('ed25519'),
  RS256: () => generateKeyPair('rsa', RSA),
  PS256: () => generateKeyPair('rsa', RSA),
} as const satisfies Record<string, () => Promise<KeyPairKeyObjectResult>>;

export type SigningAlgorithm = keyof typeof signingAlgorithms;

/** Mandatory for OpenID providers (OpenID Connect Core §15.1), and the default of a client. */
export const DEFAULT_ID_TOKEN_ALGORITHM = 'RS256' satisfies SigningAlgorithm;

/** The algorithms in use. The first signs access tokens; ID tokens use the one that the client registered. */
export const keptAlgorithms = (accessTokens: SigningAlgorithm): readonly [SigningAlgorithm, ...SigningAlgorithm[]] =>
  accessTokens === DEFAULT_ID_TOKEN_ALGORITHM ? [accessTokens] : [accessTokens, DEFAULT_ID_TOKEN_ALGORITHM];
