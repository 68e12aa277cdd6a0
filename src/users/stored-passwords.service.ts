import { Injectable } from '@nestjs/common';
import { PasswordDecoys } from './password-decoys.service.js';
import { PasswordHasher, type PasswordMatch } from '../passwords/password-hasher.service.js';
import { PasswordThreadsBusy } from '../passwords/password-threads.service.js';
import type { SignInAttempt } from './sign-in-limits.service.js';
import type { UserEntity } from './user.entity.js';
import { UserRepository } from './user.repository.js';

/** Compares passwords with stored hashes, and with decoys for unknown users. */
@Injectable()
export class StoredPasswords {
  constructor(
    private readonly repository: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly decoys: PasswordDecoys,
  ) {}

  /**
   * @param attempt its `account` selects the decoy for an unknown username
   * @throws PasswordThreadsBusy; temporarily_unavailable
   */
  async compare(user: UserEntity | null, password: string, { account, source }: SignInAttempt): Promise<PasswordMatch> {
    const decoy = await this.decoys.for(account);
    return this.hasher.verify(user?.passwordHash ?? undefined, password, { decoy, source });
  }

  /**
   * Rehashes a password that has just matched. A failure must not fail the sign-in: the next one tries again.
   * @returns the hash that is stored now, unless the password was changed meanwhile
   */
  async upgrade({ subject, passwordHash }: UserEntity, password: string, { source }: SignInAttempt): Promise<string> {
    const hash = await this.hasher.hash(password, source).catch((error: unknown) => {
      if (!(error instanceof PasswordThreadsBusy)) throw error;
      return undefined;
    });
    if (hash === undefined) return passwordHash!;
    await this.repository.replacePasswordHash(subject, passwordHash!, hash);
    return hash;
  }
}
