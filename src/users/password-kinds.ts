/**
 * Of what kinds the stored passwords are, and which kind a name that nobody has is given. An imported hash takes its own time
 * until its user signs in; if names that nobody has all took the time of a current one, the clock would tell which is whose.
 */

/** Hashes of one scheme with the same parameters, which take the same time. */
export interface PasswordKind {
  /** Scheme and parameters, as a hash begins with them. */
  readonly name: string;
  /** One of these hashes. Somebody's: what a password comes to against it must count for nothing. */
  readonly example: string;
  /** How many users have one, or how many of a sample. */
  readonly users: number;
}

/**
 * The kinds get as many of the names that nobody has as they have of the users. The first kind begins at 0, so a name moves on
 * to the last one as users do: once, when the others grow few.
 * @param kinds in an order that stays, the current one last
 * @param place of the name among all names, from 0 up to 1: always the same one
 * @returns undefined where there are no users to be like
 */
export function kindAt(kinds: readonly PasswordKind[], place: number): PasswordKind | undefined {
  const all = kinds.reduce((sum, { users }) => sum + users, 0);
  let before = 0;
  return kinds.find(({ users }) => place * all < (before += users));
}
