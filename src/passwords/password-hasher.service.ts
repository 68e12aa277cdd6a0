import { Injectable, Logger } from '@nestjs/common';
import { OAuthError } from '../oauth/oauth-error.js';
import { decoyHash, isCurrent, parameters, parseHash, type PasswordHash } from './password-hash.js';
import { normalized } from './password-policy.js';
import { PasswordThreads } from './password-threads.service.js';

export interface PasswordMatch {
  readonly matches: boolean;
  /** Whether a new hash should take the place of this one, now that the password is known. */
  readonly isOutdated: boolean;
}

/** argon2id as `@node-rs/argon2` numbers it; its enum exists for the compiler alone. */
const ARGON2ID = 2;

const options = {
  algorithm: ARGON2ID,
  memoryCost: parameters.memoryKib,
  timeCost: parameters.passes,
  parallelism: parameters.lanes,
  outputLen: parameters.outputBytes,
};

const DECOY = decoyHash();

/** What admins ask for has a line of its own, which no address is called like. */
const NOT_A_SIGN_IN = '';

/** Makes and verifies the hashes of passwords, off the event loop. */
@Injectable()
export class PasswordHasher {
  private readonly logger = new Logger('passwords');

  constructor(private readonly threads: PasswordThreads) {}

  /**
   * @param source for whom: see `PasswordThreads`
   * @returns a PHC string @throws PasswordThreadsBusy; temporarily_unavailable
   */
  async hash(password: string, source = NOT_A_SIGN_IN): Promise<string> {
    const outcome = await this.threads.run({ kind: 'hash', password: normalized(password), options }, source);
    if ('problem' in outcome || typeof outcome.value !== 'string') throw OAuthError.unavailable('password_hash');
    return outcome.value;
  }

  /**
   * @param stored undefined where there is none
   * @param decoy what the password is compared with then: it takes its time, and never matches
   * @param source for whom: see `PasswordThreads`
   * @throws PasswordThreadsBusy; temporarily_unavailable
   */
  async verify(
    stored: string | undefined,
    password: string,
    { decoy = DECOY, source = NOT_A_SIGN_IN }: { decoy?: PasswordHash; source?: string } = {},
  ): Promise<PasswordMatch> {
    const parsed = stored === undefined ? decoy : parseHash(stored);
    const hash = 'problem' in parsed ? decoy : parsed;
    const outcome = await this.threads.run({ kind: 'verify', hash, passwords: spellings(password) }, source);
    if (stored !== undefined && ('problem' in parsed || 'problem' in outcome)) {
      this.logger.error('A stored password hash cannot be read: its user cannot sign in');
    }
    if (hash === decoy || 'problem' in outcome) return { matches: false, isOutdated: false };
    return { matches: outcome.value !== -1, isOutdated: !isCurrent(stored ?? '') || outcome.value !== 0 };
  }
}

/** As we hash it, and as it was typed: the system that an imported hash comes from may not have normalized it. */
const spellings = (password: string): string[] => [...new Set([normalized(password), password])];
