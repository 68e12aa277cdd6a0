/** What a scope releases of a user's claims, and where to. Scopes without a definition release nothing. */
import { claimsOfScope } from './standard-claims.js';

/** Where a client can find claims of a user. */
export type Destination = 'id_token' | 'userinfo' | 'access_token';

export interface ScopeDefinition {
  readonly name: string;
  readonly claims: readonly string[];
  /** Where they are for every client; a client can have them in more places. */
  readonly into: readonly Destination[];
  /** Access tokens have them only for this audience; null: for any. */
  readonly audience: string | null;
  /** For the consent page; those of built-in scopes are the page's. */
  readonly texts?: { readonly en: string; readonly 'zh-Hant': string };
}

export type ScopeDefinitions = ReadonlyMap<string, ScopeDefinition>;

/** OpenID Connect Core §5.4, and the two on which relying parties base their authorization. */
const builtIn = { ...claimsOfScope, groups: ['groups'], roles: ['roles'] };

export const builtInScopes: ScopeDefinitions = new Map(
  Object.entries(builtIn).map(([name, claims]) => [name, { name, claims, into: ['userinfo'], audience: null }]),
);
