/**
 * The JWS algorithms that Rekey signs with (RFC 7518 §3.1, RFC 8037 §3.1), and the keys that each needs. How a signature
 * is made is `issuance/jws.ts`.
 */
import { generateKeyPair as generateKeyPairWithCallback, type KeyPairKeyObjectResult } from 'node:crypto';
import { promisify } from 'node:util';

const generateKeyPair = promisify(generateKeyPairWithCallback);

/**
 * 2048 bits: what every verifier takes, what RFC 7518 §3.3 asks for, and a third of the signing time of 3072. A key lives
 * for months and guards tokens of minutes, so the 2030 horizon of 112-bit security is not what ends it.
 */
const RSA = { modulusLength: 2048 };

export const signingAlgorithms = {
  ES256: () => generateKeyPair('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPair('ed25519'),
  RS256: () => generateKeyPair('rsa', RSA),
  PS256: () => generateKeyPair('rsa', RSA),
} as const satisfies Record<string, () => Promise<KeyPairKeyObjectResult>>;

export type SigningAlgorithm = keyof typeof signingAlgorithms;

/** What every OpenID provider must offer (OpenID Connect Core §15.1), and what a client gets that registered nothing else. */
export const DEFAULT_ID_TOKEN_ALGORITHM = 'RS256' satisfies SigningAlgorithm;

/** Those that a key is kept of. The first signs access tokens; ID tokens are signed with the one that the client registered. */
export const keptAlgorithms = (accessTokens: SigningAlgorithm): readonly [SigningAlgorithm, ...SigningAlgorithm[]] =>
  accessTokens === DEFAULT_ID_TOKEN_ALGORITHM ? [accessTokens] : [accessTokens, DEFAULT_ID_TOKEN_ALGORITHM];
