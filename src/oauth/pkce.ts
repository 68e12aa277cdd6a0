/** Proof Key for Code Exchange (RFC 7636) with S256 only: `plain` proves nothing to someone who has seen the request. */
import { createHash, timingSafeEqual } from 'node:crypto';

export const CODE_CHALLENGE_METHOD = 'S256';

/** SHA-256 in base64url without padding (§4.2). */
const CODE_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** §4.1 */
export const CODE_VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

export const isCodeChallenge = (text: string): boolean => CODE_CHALLENGE.test(text);

export const isCodeVerifier = (text: string): boolean => CODE_VERIFIER.test(text);

export const codeChallengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** §4.6, in constant time for every well-formed verifier. */
export const proves = (verifier: string, challenge: string): boolean =>
  isCodeVerifier(verifier) &&
  isCodeChallenge(challenge) &&
  timingSafeEqual(Buffer.from(codeChallengeOf(verifier)), Buffer.from(challenge));
