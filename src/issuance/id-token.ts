/**
 * The claims of an ID token (OpenID Connect Core §2), and how they are read back from one that a client sends as a hint.
 * Signing is in `jws.ts`.
 */
import { createHash } from 'node:crypto';
import type { SigningAlgorithm } from '../keys/signing-algorithm.js';
import { isAccessToken } from './access-token.js';
import type { Authorization } from './authorization.js';

/** A client checks it once, on receipt. How long users stay signed in depends on the refresh token and the login session. */
export const ID_TOKEN_TTL_SECONDS = 3600;

/** No `azp`: the only audience is the client that asked (§2), so a refresh cannot change it (§12.2). */
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

/** The claims of an ID token hint: whom it was issued for, and to which client. */
export interface IdTokenHint {
  readonly subject: string;
  readonly clientId: string;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly authTime: number;
}

/** An authorization with an authentication; without one there is no ID token. */
export type AuthenticatedUser = Pick<Authorization, 'client' | 'subject' | 'nonce'> &
  Required<Pick<Authorization, 'authentication'>>;

export const idTokenClaims = (
  { client, subject, nonce, authentication }: AuthenticatedUser,
  issuer: string,
  now: number,
  accessTokenHash: string,
): IdTokenClaims => {
  const iat = Math.floor(now / 1000);
  return {
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

/** The hash of each signature algorithm (RFC 7518 §3.3 to §3.5); Ed25519 uses SHA-512 (RFC 8032 §5.1). */
const hashes: Record<SigningAlgorithm, 'sha256' | 'sha512'> = {
  ES256: 'sha256',
  RS256: 'sha256',
  PS256: 'sha256',
  EdDSA: 'sha512',
};

/** `at_hash`: the left half of the access token's hash, by the ID token's algorithm (§3.1.3.6). */
export function accessTokenHashOf(accessToken: string, algorithm: SigningAlgorithm): string {
  const digest = createHash(hashes[algorithm]).update(accessToken, 'ascii').digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

/** @returns undefined for an access token, and if it names another issuer: the same keys may have served under an earlier URL */
export function readIdTokenHint(payload: Record<string, unknown>, issuer: string): IdTokenHint | undefined {
  const claims = payload as unknown as IdTokenClaims;
  if (claims.iss !== issuer || isAccessToken(claims)) return undefined;
  return { subject: claims.sub, clientId: claims.aud, sessionId: claims.sid, authTime: claims.auth_time * 1000 };
}
