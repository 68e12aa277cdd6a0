/** A change of a user, applied to the stored user, so that two admins who change different things lose nothing. */
import type { StandardClaims } from '../oauth/standard-claims.js';
import { usernameKey, usernameProblem } from '../oauth/username.js';
import { claimProblems } from './claim-values.js';
import { attributeProblems, groupProblems, type Attributes } from './user-attributes.js';
import type { UserEntity } from './user.entity.js';

export type UserChangeSet = Partial<
  Pick<UserEntity, 'username' | 'usernameKey' | 'claims' | 'groups' | 'attributes' | 'adminRoles'>
>;

export interface UserChange {
  readonly username?: string | undefined;
  /** Replace all stored ones. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** Replace all stored ones. */
  readonly groups?: readonly string[] | undefined;
  readonly addGroups?: readonly string[] | undefined;
  readonly removeGroups?: readonly string[] | undefined;
  /** Each replaces the one of its name; null removes it; the others stay. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** @returns the columns to write, and all problems, each beginning with the name of its field */
export function changesTo(
  user: Pick<UserEntity, 'groups' | 'attributes'>,
  { username, claims, attributes, ...ofGroups }: UserChange,
): { changes: UserChangeSet; problems: string[] } {
  const groups = groupsAfter(user.groups, ofGroups);
  const merged = attributes && mergedAttributes(user.attributes, attributes);
  const problems = [
    ...(username === undefined ? [] : [usernameProblem(username)]),
    ...(claims === undefined ? [] : claimProblems(claims)),
    ...(groups === undefined ? [] : groupProblems(groups)),
    ...(merged === undefined ? [] : attributeProblems(merged)),
  ];
  const changes = {
    ...(username !== undefined && { username, usernameKey: usernameKey(username) ?? '' }),
    ...(claims !== undefined && { claims: claims as StandardClaims }),
    ...(groups !== undefined && { groups }),
    ...(merged !== undefined && { attributes: merged }),
  };
  return { changes, problems: problems.filter((problem) => problem !== undefined) };
}

function groupsAfter(
  stored: readonly string[],
  { groups, addGroups, removeGroups }: Pick<UserChange, 'groups' | 'addGroups' | 'removeGroups'>,
): string[] | undefined {
  if (!groups && !addGroups && !removeGroups) return undefined;
  const kept = (groups ?? stored).filter((group) => !removeGroups?.includes(group));
  return [...kept, ...(addGroups ?? []).filter((group) => !kept.includes(group))];
}

/** RFC 7396, one level deep. */
const mergedAttributes = (stored: Attributes, changes: Readonly<Record<string, unknown>>): Attributes =>
  Object.fromEntries(Object.entries({ ...stored, ...changes }).filter(([, value]) => value !== null)) as Attributes;
