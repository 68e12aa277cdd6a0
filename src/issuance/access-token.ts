/**
 * The claims of an access token (RFC 9068 §2.2), the same for both formats, and how they are read back. Signing and
 * sealing are in `jws.ts` and `opaque-token.ts`.
 */
import { v7 as uuidv7 } from 'uuid';
import { hmacSha256 } from '../keys/hmac.js';
import type { Authentication } from '../oauth/authentication.js';
import { OPENID } from '../oauth/scope.js';
import type { Authorization } from './authorization.js';

export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly client_id: string;
  readonly scope: string;
  /** Seconds since the epoch, as `exp`. */
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  /** The family's public id; absent where there is no family. */
  readonly family_id?: string;
  /** Seconds since the epoch. How the user proved who they are (RFC 9068 §2.2.1), as `acr` and `amr`; absent where no user did so here. */
  readonly auth_time?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
}

/** An access token that is ours and unexpired. It may have been revoked. */
export interface AccessToken {
  readonly claims: AccessTokenClaims;
  readonly jti: string;
  readonly subject: string;
  readonly clientId: string;
  readonly familyId: string | undefined;
  readonly scope: readonly string[];
  readonly audience: readonly string[];
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
}

/**
 * The resources that the request named (RFC 8707 §2.2), or the client's whole audience. With `openid` the latter includes
 * this server, for userinfo.
 */
export function audienceOf({ client, scope, resource = [] }: Authorization, issuer: string): readonly string[] {
  if (resource.length > 0) return resource;
  if (client.audience.length === 0) return [issuer];
  const mayAskUserinfo = scope.includes(OPENID) && !client.audience.includes(issuer);
  return mayAskUserinfo ? [...client.audience, issuer] : client.audience;
}

export const authenticationClaims = ({ authTime, acr, amr }: Authentication) => ({
  auth_time: Math.floor(authTime / 1000),
  acr,
  amr,
});

/**
 * RFC 9068 §2.2 demands these, and no ID token of ours has one of them. The `typ` alone does not tell the two apart, because an
 * access token may be a `JWT`, too.
 */
export const isAccessToken = (claims: object): boolean =>
  ['client_id', 'scope', 'jti'].every((name) => typeof (claims as Record<string, unknown>)[name] === 'string');

/**
 * RFC 9068 §4 allows a few minutes of clock skew; we read only tokens that we issued ourselves, so none is needed. A token with a
 * `sid` is from the version that named the family so: it is refused, because a revocation of its family would miss it.
 */
export function readClaims(payload: unknown, issuer: string, now: number): AccessToken | undefined {
  const claims = payload as AccessTokenClaims;
  if (!isAccessToken(claims) || 'sid' in claims) return undefined;
  const issuedAt = issueTimeOf(claims.jti);
  if (claims.iss !== issuer || !(claims.exp * 1000 > now) || Number.isNaN(issuedAt)) return undefined;
  return {
    claims,
    jti: claims.jti,
    subject: claims.sub,
    clientId: claims.client_id,
    familyId: claims.family_id,
    scope: claims.scope === '' ? [] : claims.scope.split(' '),
    audience: typeof claims.aud === 'string' ? [claims.aud] : claims.aud,
    issuedAt,
  };
}

/**
 * A `jti` is a UUIDv7 (RFC 9562 §5.7), which gives the time of issue in milliseconds where `iat` gives seconds. Refreshed tokens
 * derive theirs from (family_id, generation), so that a retry yields the same one.
 */
export const randomIdentity = (issuedAt: number): string => uuidv7({ msecs: issuedAt });

/** @param key 32 bytes, derived from the master key */
export function derivedIdentity(familyId: string, generation: number, issuedAt: number, key: Buffer): string {
  return uuidv7({ msecs: issuedAt, random: hmacSha256(key, `${familyId} ${generation}`) });
}

/** @returns milliseconds since the epoch; NaN where the text is no UUID */
export const issueTimeOf = (jti: string): number => parseInt(jti.slice(0, 8) + jti.slice(9, 13), 16);
