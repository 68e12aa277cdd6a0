/** A user who is about to be stored: the row, and what is wrong with what was asked for. */
import { isUserSubject, MAX_SUBJECT_CHARACTERS } from '../oauth/subject.js';
import { claimProblems } from './claim-values.js';
import { parseHash } from '../passwords/password-hash.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import type { UserEntity } from './user.entity.js';
import { usernameKey, usernameProblem } from '../oauth/username.js';

export interface UserRequest {
  /** The `sub`; a new UUID unless it comes from elsewhere. */
  readonly subject?: string | undefined;
  readonly username: string;
  /** As another system had it: see `password-hash.ts`. */
  readonly passwordHash?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/** What becomes of a user who is brought in from elsewhere. */
export type ImportOutcome =
  | { readonly result: 'created' | 'exists'; readonly subject: string }
  | { readonly result: 'invalid'; readonly problems: readonly string[] };

/** @returns every problem, each beginning with the name of its field; empty where the request is sound */
export function userProblems({ subject, username, passwordHash, claims = {} }: UserRequest): string[] {
  const hash = passwordHash === undefined ? undefined : parseHash(passwordHash);
  const problems = [
    subject === undefined || isUserSubject(subject) ? undefined : `subject ${SUBJECT_RULE}`,
    usernameProblem(username),
    hash && 'problem' in hash ? `password_hash ${hash.problem}` : undefined,
    ...claimProblems(claims),
  ];
  return problems.filter((problem) => problem !== undefined);
}

const SUBJECT_RULE = `must have 1 to ${MAX_SUBJECT_CHARACTERS} printable characters, and must not begin with client:`;

/** @returns undefined where the username is none */
export function newUser(
  user: {
    subject: string;
    username: string;
    claims: StandardClaims;
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
    usernameKey: key,
    knownSources: [],
    sessionEpoch: 0,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
}
