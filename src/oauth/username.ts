/**
 * What a user may be called, and when two names are the same one. A name is kept as it was written; what is compared is
 * its key: NFKC, lower case, no white space around it (phones append some). An e-mail address is a name like any other.
 */

export const MAX_USERNAME_CHARACTERS = 255;

/** Nothing that cannot be seen: two names that look the same should be the same. */
const VISIBLE = /^[^\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+$/u;

/** @returns what is compared; undefined for what can be nobody's name */
export function usernameKey(typed: string): string | undefined {
  const key = folded(typed);
  return VISIBLE.test(key) && isShort(typed) && isShort(key) ? key : undefined;
}

/** @returns what is wrong with it as a name; undefined where nothing is */
export function usernameProblem(username: string): string | undefined {
  if (username !== username.trim()) return 'username must not begin or end with white space';
  if (!VISIBLE.test(username) || usernameKey(username) === undefined) {
    return `username must have 1 to ${MAX_USERNAME_CHARACTERS} characters, all of them visible`;
  }
  return undefined;
}

/** Normalized again, because lower case can undo the normal form. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase().normalize('NFKC').trim();

const isShort = (text: string): boolean => [...text].length <= MAX_USERNAME_CHARACTERS;

/** What a user of an upstream provider may be called here, the best first; there may be nothing. */
export function usernamesFor(claims: {
  readonly preferred_username?: string;
  readonly email?: string;
  readonly name?: string;
}): string[] {
  const names = [claims.preferred_username, claims.email, claims.name].filter((text) => text !== undefined);
  return [...new Set(names)].filter((name) => usernameProblem(name) === undefined);
}
