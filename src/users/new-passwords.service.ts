import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { commonPasswords } from '../passwords/common-passwords.js';
import { PasswordHasher } from '../passwords/password-hasher.service.js';
import { passwordProblem } from '../passwords/password-policy.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import { InvalidUser } from './user-error.js';

export interface PasswordOwner {
  readonly username: string;
  readonly claims: StandardClaims;
}

/** Checks a new password against the policy and hashes it. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly config: Config,
  ) {}

  /** @throws InvalidUser; PasswordThreadsBusy */
  async hash(password: string, owner: PasswordOwner): Promise<string> {
    const rules = {
      minCharacters: this.config.passwordMinCharacters,
      common: await commonPasswords(),
      context: [...namesOf(owner), 'rekey', this.config.brandName, new URL(this.config.issuer).hostname],
    };
    const problem = passwordProblem(password, rules);
    if (problem !== undefined) throw new InvalidUser([problem]);
    return this.hasher.hash(password);
  }
}

function namesOf({ username, claims }: PasswordOwner): string[] {
  const { name, given_name, family_name, nickname, preferred_username, email } = claims;
  const names = [username, name, given_name, family_name, nickname, preferred_username, email];
  return names.filter((text) => text !== undefined).flatMap((text) => [text, text.split('@')[0]!]);
}
