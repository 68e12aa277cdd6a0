/** What a family that has just moved on comes to, whether a refresh token or a code moved it. */
import type { TokenKey } from '../keys/token-key.js';
import { intersection } from '../oauth/scope.js';
import type { FamilyGrant } from '../families/family-grant.js';
import { mintRefreshToken } from '../families/refresh-token.js';
import type { FamilySnapshot } from './rotation.js';

/** The family as it is now, and its current refresh token. */
export interface Refreshed {
  readonly sid: string;
  readonly subject: string;
  /** What the new access token may have. */
  readonly scope: readonly string[];
  readonly generation: number;
  /** Whether this generation is one refresh and its retries; false where tokens do not rotate. */
  readonly rotates: boolean;
  /** When the family was written for this refresh (milliseconds since the epoch): a revocation that ended it since is later. */
  readonly usedAt: number;
  readonly absoluteExpiresAt: number;
  readonly refreshToken: string;
  readonly grant: FamilyGrant;
}

/** What a request asks for; undefined: all that was granted. */
export interface Asked {
  readonly scope: readonly string[] | undefined;
  readonly resource: readonly string[] | undefined;
}

type MovedFamily = Pick<
  FamilySnapshot,
  | 'handle'
  | 'sid'
  | 'subject'
  | 'generation'
  | 'scope'
  | 'clientScopes'
  | 'clientAudience'
  | 'absoluteExpiresAt'
  | 'grant'
>;

/** @param key the token key to mint with now */
export function refreshedOf(
  family: MovedFamily,
  { scope, resource }: Asked,
  { rotates, rotatedAt }: { readonly rotates: boolean; readonly rotatedAt: number },
  key: TokenKey,
): Refreshed {
  const { handle, sid, subject, generation, absoluteExpiresAt, grant } = family;
  return {
    sid,
    subject,
    scope: scope ?? intersection(family.scope, family.clientScopes),
    generation,
    rotates,
    usedAt: rotatedAt,
    absoluteExpiresAt,
    refreshToken: mintRefreshToken({ handle, generation }, key),
    grant: { ...grant, resource: resource ?? intersection(grant.resource, family.clientAudience) },
  };
}
