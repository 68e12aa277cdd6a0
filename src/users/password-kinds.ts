/**
 * The kinds of stored password hashes, and the kind for an unknown username. Imported hashes take their own time until their
 * users sign in; if every unknown username took the time of a current hash, timing would reveal the imported users.
 */

/** Hashes of one scheme with the same parameters, which therefore take the same time. */
export interface PasswordKind {
  /** Scheme and parameters: the beginning of the hash. */
  readonly name: string;
  /** One of these hashes. It belongs to a user, so a match with it must be ignored. */
  readonly example: string;
  /** How many users have one, in the whole table or in a sample. */
  readonly users: number;
}

/**
 * Gives each kind the same share of the unknown usernames as it has of the users. The current kind is last, so as imported
 * hashes are replaced, an unknown username changes to it once, as users do.
 * @param kinds in a stable order, the current kind last
 * @param place of the username, from 0 up to 1; the same each time
 * @returns undefined if there are no users
 */
export function kindAt(kinds: readonly PasswordKind[], place: number): PasswordKind | undefined {
  const all = kinds.reduce((sum, { users }) => sum + users, 0);
  let before = 0;
  return kinds.find(({ users }) => place * all < (before += users));
}
