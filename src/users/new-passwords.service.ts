import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { commonPasswords } from '../passwords/common-passwords.js';
import { PasswordHasher } from '../passwords/password-hasher.service.js';
import { passwordFlaw, passwordProblem } from '../passwords/password-policy.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import { UnfitPassword } from './user-error.js';

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

  /**
   * @param source the address of the user who sets their own password: see `PasswordThreads`
   * @throws UnfitPassword; PasswordThreadsBusy
   */
  async hash(password: string, owner: PasswordOwner, source?: string): Promise<string> {
    const rules = {
      minCharacters: this.config.passwordMinCharacters,
      common: await commonPasswords(),
      context: [...namesOf(owner), 'rekey', this.config.brandName, new URL(this.config.issuer).hostname],
    };
    const flaw = passwordFlaw(password, rules);
    if (flaw !== undefined) throw new UnfitPassword(flaw, passwordProblem(flaw, rules));
    return this.hasher.hash(password, source);
  }
}

function namesOf({ username, claims }: PasswordOwner): string[] {
  const { name, given_name, family_name, nickname, preferred_username, email } = claims;
  const names = [username, name, given_name, family_name, nickname, preferred_username, email];
  return names.filter((text) => text !== undefined).flatMap((text) => [text, text.split('@')[0]!]);
}
