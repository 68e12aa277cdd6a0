/** A new user: validation of the request, and the row to store. */
import { isUserSubject, MAX_SUBJECT_CHARACTERS } from '../oauth/subject.js';
import { claimProblems } from './claim-values.js';
import { parseHash } from '../passwords/password-hash.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import type { UserEntity } from './user.entity.js';
import { attributeProblems, groupProblems, type Attributes } from './user-attributes.js';
import { usernameKey, usernameProblem } from '../oauth/username.js';

export interface UserRequest {
  /** The `sub`; by default a new UUID. */
  readonly subject?: string | undefined;
  readonly username: string;
  /** A hash imported from another system: see `password-hash.ts`. */
  readonly passwordHash?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** The outcome for an imported user. */
export type ImportOutcome =
  | { readonly result: 'created' | 'exists'; readonly subject: string }
  | { readonly result: 'invalid'; readonly problems: readonly string[] };

/** @returns all problems, each beginning with the name of its field; empty for a valid request */
export function userProblems(request: UserRequest): string[] {
  const { subject, username, passwordHash, claims = {}, groups = [], attributes = {} } = request;
  const hash = passwordHash === undefined ? undefined : parseHash(passwordHash);
  const problems = [
    subject === undefined || isUserSubject(subject) ? undefined : `subject ${SUBJECT_RULE}`,
    usernameProblem(username),
    hash && 'problem' in hash ? `password_hash ${hash.problem}` : undefined,
    ...claimProblems(claims),
    ...groupProblems(groups),
    ...attributeProblems(attributes),
  ];
  return problems.filter((problem) => problem !== undefined);
}

const SUBJECT_RULE = `must have 1 to ${MAX_SUBJECT_CHARACTERS} printable characters, and must not begin with client:`;

/** @returns undefined if the username is invalid */
export function newUser(
  user: {
    subject: string;
    username: string;
    claims: StandardClaims;
    groups?: readonly string[] | undefined;
    attributes?: Readonly<Record<string, unknown>> | undefined;
    passwordHash: string | null;
    passwordChangedAt?: Date;
  },
  now: Date,
): UserEntity | undefined {
  const key = usernameKey(user.username);
  if (key === undefined) return undefined;
  return {
    passwordChangedAt: null,
    ...user,
    groups: [...(user.groups ?? [])],
    attributes: (user.attributes ?? {}) as Attributes,
    usernameKey: key,
    knownSources: [],
    sessionEpoch: 0,
    adminRoles: [],
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
}
