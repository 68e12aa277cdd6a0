/**
 * The authorization code: the handle of a new family and the values to check at redemption, sealed. No code is stored: it
 * counts as generation 0 of the family, so redeeming it is a rotation, and a replayed code finds a later generation.
 */
import { createHash } from 'node:crypto';
import { open, seal, type SealedKind } from '../keys/sealed-token.js';
import type { TokenKey } from '../keys/token-key.js';

export interface CodeContent {
  /** The family's primary key, which is secret. Codes appear in URLs, so it is sealed. */
  readonly handle: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Whether the request named the redirect URI: then the token request must name it too (RFC 6749 §4.1.3). */
  readonly namedRedirectUri: boolean;
  /** S256 (RFC 7636 §4.2); undefined for a confidential client that uses no PKCE. */
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  /** The subject whose claims the ID token needs, if the request asked for claims by name. */
  readonly claimsOf: string | undefined;
}

/** The sealed form. Short names and a digest of the redirect URI, because codes appear in URLs. */
interface Sealed {
  readonly h: string;
  readonly c: string;
  readonly r: string;
  readonly o?: 1;
  readonly p?: string;
  readonly n?: string;
  readonly u?: string;
}

const AUTHORIZATION_CODE: SealedKind = { prefix: 'ac_', purpose: 'authorization-code' };

export function mintCode(content: CodeContent, key: TokenKey): string {
  const sealed: Sealed = {
    h: content.handle,
    c: content.clientId,
    r: digestOf(content.redirectUri),
    ...(!content.namedRedirectUri && { o: 1 }),
    ...(content.codeChallenge !== undefined && { p: content.codeChallenge }),
    ...(content.nonce !== undefined && { n: content.nonce }),
    ...(content.claimsOf !== undefined && { u: content.claimsOf }),
  };
  return seal(AUTHORIZATION_CODE, sealed, key);
}

/** The content of a code. */
export interface OpenedCode {
  readonly handle: string;
  readonly clientId: string;
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  readonly claimsOf: string | undefined;
  /** Whether the token request has the right `redirect_uri`; undefined: it has none. */
  readonly isFor: (redirectUri: string | undefined) => boolean;
}

/** @returns undefined unless `mintCode` made the code with one of the keys */
export function openCode(code: string, keyOf: (id: number) => TokenKey | undefined): OpenedCode | undefined {
  const sealed = open(AUTHORIZATION_CODE, code, keyOf) as Sealed | undefined;
  return (
    sealed && {
      handle: sealed.h,
      clientId: sealed.c,
      codeChallenge: sealed.p,
      nonce: sealed.n,
      claimsOf: sealed.u,
      isFor: (redirectUri) => (redirectUri === undefined ? sealed.o === 1 : digestOf(redirectUri) === sealed.r),
    }
  );
}

/** A plain hash: redirect URIs are not secret. */
const digestOf = (redirectUri: string): string => createHash('sha256').update(redirectUri).digest('base64url');
