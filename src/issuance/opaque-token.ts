/** Opaque access tokens: the claims, sealed. */
import type { TokenKey } from '../keys/token-key.js';
import { open, seal, type SealedKind } from '../keys/sealed-token.js';

const OPAQUE_ACCESS_TOKEN: SealedKind = { prefix: 'at_', purpose: 'opaque-access-token' };

export const looksOpaque = (token: string): boolean => token.startsWith(OPAQUE_ACCESS_TOKEN.prefix);

export const sealOpaque = (claims: object, key: TokenKey): string => seal(OPAQUE_ACCESS_TOKEN, claims, key);

/** @returns the claims; undefined unless `sealOpaque` made the token with one of the keys */
export const openOpaque = (
  token: string,
  keyOf: (id: number) => TokenKey | undefined,
): Record<string, unknown> | undefined => open(OPAQUE_ACCESS_TOKEN, token, keyOf);
