/**
 * A client's access as the user sees it. A client that signs the user in silently gets a family each time; families that end
 * with the same login session are shown as one access and end together.
 */
import type { FamilySelection } from '../../families/family-selection.js';

export interface AccessFamily {
  readonly familyId: string;
  readonly clientId: string;
  readonly sessionId: string | null;
  readonly scope: readonly string[];
  readonly offline: boolean;
  readonly fromAuthorizationCode: boolean;
  readonly generation: number;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

export interface Access {
  /** The id of one of its families, which stands for all of them. */
  readonly familyId: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly offline: boolean;
  /** The login session that it ends with, or came from; null if it was started without one. */
  readonly sessionId: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/** @returns most recently used first, without families whose code was never redeemed */
export function accessOf(families: readonly AccessFamily[]): Access[] {
  const byPlace = new Map<string, Access>();
  for (const family of families) {
    if (family.fromAuthorizationCode && family.generation === 0) continue;
    const place = endsWithSession(family) ? `${family.sessionId} ${family.clientId}` : family.familyId;
    byPlace.set(place, together(toAccess(family), byPlace.get(place)));
  }
  return [...byPlace.values()].sort((a, b) => b.lastUsedAt - a.lastUsedAt);
}

/** The families that end when a user ends the access of this family. */
export const endedWith = (subject: string, family: AccessFamily): FamilySelection =>
  endsWithSession(family)
    ? { subject, clientId: family.clientId, sessionId: family.sessionId, offline: false }
    : { subject, familyId: family.familyId };

const endsWithSession = (family: AccessFamily): family is AccessFamily & { sessionId: string } =>
  !family.offline && family.sessionId !== null;

const toAccess = ({ familyId, clientId, scope, offline, sessionId, createdAt, lastUsedAt }: AccessFamily): Access => ({
  familyId,
  clientId,
  scope,
  offline,
  sessionId,
  createdAt: createdAt.getTime(),
  lastUsedAt: lastUsedAt.getTime(),
});

const together = (one: Access, other: Access | undefined): Access =>
  other
    ? {
        ...(one.lastUsedAt > other.lastUsedAt ? one : other),
        scope: [...new Set([...other.scope, ...one.scope])],
        createdAt: Math.min(one.createdAt, other.createdAt),
      }
    : one;
