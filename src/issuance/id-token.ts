/**
 * The claims of an ID token (OpenID Connect Core §2), and how they are read back from one that a client sends as a hint.
 * Signing is in `jws.ts`.
 */
import { createHash } from 'node:crypto';
import type { SigningAlgorithm } from '../keys/signing-algorithm.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import type { Authorization } from './authorization.js';

/** A client checks it once, on receipt; what says how long somebody stays signed in are the refresh token and the login session. */
export const ID_TOKEN_TTL_SECONDS = 3600;

/** No `azp`: there is one audience, and it is the party that asked (§2). So a refresh cannot change it (§12.2). */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  /** Seconds since the epoch, as `exp` and `auth_time`. */
  readonly iat: number;
  readonly exp: number;
  readonly auth_time: number;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly at_hash: string;
  /** The login session: the `sid` of a logout token (OpenID Connect Back-Channel Logout §2.1). */
  readonly sid: string;
  readonly nonce?: string;
}

/** What an ID token says of whom it was issued to and for, when it comes back. */
export interface IdTokenHint {
  readonly subject: string;
  readonly clientId: string;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly authTime: number;
}

/** With an authentication, or there is nothing to tell. */
export type AuthenticatedUser = Pick<Authorization, 'client' | 'subject' | 'nonce'> &
  Required<Pick<Authorization, 'authentication'>>;

/** @param released claims of the user that the client asked for one by one; those of the token itself stand */
export const idTokenClaims = (
  { client, subject, nonce, authentication }: AuthenticatedUser,
  issuer: string,
  now: number,
  accessTokenHash: string,
  released: StandardClaims,
): IdTokenClaims & StandardClaims => {
  const iat = Math.floor(now / 1000);
  return {
    ...released,
    iss: issuer,
    sub: subject,
    aud: client.clientId,
    iat,
    exp: iat + ID_TOKEN_TTL_SECONDS,
    auth_time: Math.floor(authentication.authTime / 1000),
    acr: authentication.acr,
    amr: authentication.amr,
    at_hash: accessTokenHash,
    sid: authentication.sessionId,
    ...(nonce !== undefined && { nonce }),
  };
};

/** The hash of each signature (RFC 7518 §3.3 to §3.5); Ed25519 has SHA-512 inside (RFC 8032 §5.1). */
const hashes: Record<SigningAlgorithm, 'sha256' | 'sha512'> = {
  ES256: 'sha256',
  RS256: 'sha256',
  PS256: 'sha256',
  EdDSA: 'sha512',
};

/** `at_hash`: the left half of the hash that goes with the ID token's own algorithm (§3.1.3.6). */
export function accessTokenHashOf(accessToken: string, algorithm: SigningAlgorithm): string {
  const digest = createHash(hashes[algorithm]).update(accessToken, 'ascii').digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

/** @returns undefined for what another issuer, under another name but with the same keys, has issued */
export function readIdTokenHint(payload: Record<string, unknown>, issuer: string): IdTokenHint | undefined {
  const claims = payload as unknown as IdTokenClaims;
  if (claims.iss !== issuer) return undefined;
  return { subject: claims.sub, clientId: claims.aud, sessionId: claims.sid, authTime: claims.auth_time * 1000 };
}
