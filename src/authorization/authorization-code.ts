/**
 * The authorization code: the handle of a family that waits for it, and what the request had promised, sealed. Nothing is
 * stored for it: the family's generation 0 is the code, so redeeming it is a rotation, and a code that is used again finds
 * a family that has moved on.
 */
import { createHash } from 'node:crypto';
import { open, seal, type SealedKind } from '../keys/sealed-token.js';
import type { TokenKey } from '../keys/token-key.js';

export interface CodeContent {
  /** The family's primary key. Secret: a code stands in URLs, which is why it is sealed. */
  readonly handle: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Whether the request named it: then the token request must, too (RFC 6749 §4.1.3). */
  readonly namedRedirectUri: boolean;
  /** S256 (RFC 7636 §4.2); undefined for a confidential client that need not prove its code. */
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  /** Whose claims the ID token is to have, where the request asked for some of them one by one. */
  readonly claimsOf: string | undefined;
}

/** As they are sealed: short, because codes travel in URLs. A redirect URI may be long, its digest is not. */
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

/** What a code says. */
export interface OpenedCode {
  readonly handle: string;
  readonly clientId: string;
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  readonly claimsOf: string | undefined;
  /** Whether a token request names the redirect URI that it has to; undefined: the request names none. */
  readonly isFor: (redirectUri: string | undefined) => boolean;
}

/** @returns undefined for everything that was not minted here under one of the keys */
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

/** Not secret: it is compared, and cannot be guessed into anything. */
const digestOf = (redirectUri: string): string => createHash('sha256').update(redirectUri).digest('base64url');
