/**
 * Usernames: which are valid, and when two are the same. A username is stored as written and compared by its key: NFKC,
 * lower case, trimmed (phones append white space). An e-mail address is a username like any other.
 */

export const MAX_USERNAME_CHARACTERS = 255;

/** No invisible characters: usernames that look the same should be the same. */
const VISIBLE = /^[^\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+$/u;

/** @returns the key to compare; undefined if the text cannot be a username */
export function usernameKey(typed: string): string | undefined {
  const key = folded(typed);
  return VISIBLE.test(key) && isShort(typed) && isShort(key) ? key : undefined;
}

/** @returns why it is not a valid username; undefined if it is */
export function usernameProblem(username: string): string | undefined {
  if (username !== username.trim()) return 'username must not begin or end with white space';
  if (!VISIBLE.test(username) || usernameKey(username) === undefined) {
    return `username must have 1 to ${MAX_USERNAME_CHARACTERS} characters, all of them visible`;
  }
  return undefined;
}

/** Normalized twice, because lower-casing can undo the normal form. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase().normalize('NFKC').trim();

const isShort = (text: string): boolean => [...text].length <= MAX_USERNAME_CHARACTERS;

/** Candidates for the username of an upstream provider's user, best first; may be empty. */
export function usernamesFor(claims: {
  readonly preferred_username?: string;
  readonly email?: string;
  readonly name?: string;
}): string[] {
  const names = [claims.preferred_username, claims.email, claims.name].filter((text) => text !== undefined);
  return [...new Set(names)].filter((name) => usernameProblem(name) === undefined);
}
