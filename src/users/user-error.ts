/** The user breaks rules; each problem begins with the name of its field, and is for the admin who sent it. */
export class InvalidUser extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'InvalidUser';
  }
}

/** Somebody else has the name or the subject; of a deleted user the subject stays taken. */
export class UserTaken extends Error {
  constructor(readonly field: 'username' | 'subject') {
    super(`The ${field} is taken`);
    this.name = 'UserTaken';
  }
}
