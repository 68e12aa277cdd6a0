import type { PasswordFlaw } from '../passwords/password-policy.js';

/** The user is invalid. Each problem begins with the name of its field and is shown to the admin who sent it. */
export class InvalidUser extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'InvalidUser';
  }
}

/** The new password is refused by the policy. */
export class UnfitPassword extends InvalidUser {
  constructor(
    readonly flaw: PasswordFlaw,
    problem: string,
  ) {
    super([problem]);
  }
}

/** Another user has the username or the subject. The subject of a deleted user stays taken. */
export class UserTaken extends Error {
  constructor(readonly field: 'username' | 'subject') {
    super(`The ${field} is taken`);
    this.name = 'UserTaken';
  }
}
