/** Which of a user's claims a client gets, and where. */
import { renamingOf } from '../clients/claim-renaming.js';
import type { Client } from '../clients/client.js';
import { isReservedClaim } from '../oauth/claim-name.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';
import type { Destination, ScopeDefinition, ScopeDefinitions } from '../oauth/scope-definition.js';
import { isStandardClaim, type StandardClaims } from '../oauth/standard-claims.js';

/** All claims of a user: the standard ones, `groups`, and the attributes by their names. */
export type UserClaims = StandardClaims & Readonly<Record<string, unknown>>;

export interface Release {
  readonly client: Pick<Client, 'scopes' | 'userClaimsInIdToken' | 'idTokenClaims' | 'accessTokenClaims'>;
  /** The granted one. */
  readonly scope: readonly string[];
  readonly requestedClaims?: RequestedClaims | undefined;
  /** Of the access token. */
  readonly audience?: readonly string[];
}

/** The names of the claims for one destination. */
export function releasedNames(into: Destination, release: Release, scopes: ScopeDefinitions): string[] {
  const ofScope = definitionsOf(release.scope, scopes).flatMap((scope) =>
    scope.claims.filter((claim) => isMeantFor(scope, into, release) || isWantedIn(claim, into, release)),
  );
  const requested = into === 'access_token' ? undefined : release.requestedClaims?.[into];
  return [...ofScope, ...(requested ?? []).filter((claim) => mayAskFor(claim, release, scopes))];
}

/** Whether a token has claims of the user, so that the user must be read for it. The audience may be any. */
export const wantsUserClaims = (release: Release, scopes: ScopeDefinitions): boolean =>
  releasedNames('id_token', release, scopes).length > 0 ||
  releasedNames('access_token', { ...release, audience: audiencesOf(scopes) }, scopes).length > 0;

const audiencesOf = (scopes: ScopeDefinitions): string[] =>
  [...scopes.values()].flatMap(({ audience }) => audience ?? []);

const definitionsOf = (scope: readonly string[], scopes: ScopeDefinitions): ScopeDefinition[] =>
  scope.flatMap((name) => scopes.get(name) ?? []);

const isMeantFor = ({ into, audience }: ScopeDefinition, destination: Destination, release: Release): boolean =>
  into.includes(destination) &&
  (destination !== 'access_token' || audience === null || release.audience?.includes(audience) === true);

function isWantedIn(claim: string, into: Destination, { client }: Release): boolean {
  if (into === 'id_token') return client.userClaimsInIdToken || client.idTokenClaims.includes(claim);
  return into === 'access_token' && client.accessTokenClaims.includes(claim);
}

/** By name (OpenID Connect Core §5.5), any client may ask for a standard claim, and for others only where a scope of its own releases them. */
const mayAskFor = (claim: string, { client }: Release, scopes: ScopeDefinitions): boolean =>
  isStandardClaim(claim) || definitionsOf(client.scopes, scopes).some(({ claims }) => claims.includes(claim));

/**
 * Skips claims that the user does not have (§5.3.2: not null, not empty), and names that only this service may use.
 * @param claimNames see `claim-renaming.ts`; a claim of the same name that is not renamed gives way
 */
export function releasedClaims(
  claims: UserClaims,
  names: readonly string[],
  claimNames: readonly string[] = [],
): UserClaims {
  const renamed = new Map(claimNames.map(renamingOf));
  const released = Object.entries(claims).filter(
    ([name, value]) => names.includes(name) && !isReservedClaim(name) && isPresent(value),
  );
  const kept = released.filter(([name]) => !renamed.has(name));
  const moved = released.flatMap(([name, value]) => (renamed.has(name) ? [[renamed.get(name)!, value] as const] : []));
  return Object.fromEntries([...kept, ...moved]);
}

const isPresent = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
