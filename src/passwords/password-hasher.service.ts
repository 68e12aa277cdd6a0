import { Injectable, Logger } from '@nestjs/common';
import { OAuthError } from '../oauth/oauth-error.js';
import { decoyHash, isCurrent, parameters, parseHash, type PasswordHash } from './password-hash.js';
import { normalized } from './password-policy.js';
import { PasswordThreads } from './password-threads.service.js';

export interface PasswordMatch {
  readonly matches: boolean;
  /** Whether the hash should be replaced with a new one, now that the password is known. */
  readonly isOutdated: boolean;
}

/** The number of argon2id in `@node-rs/argon2`, whose enum does not exist at run time. */
const ARGON2ID = 2;

const options = {
  algorithm: ARGON2ID,
  memoryCost: parameters.memoryKib,
  timeCost: parameters.passes,
  parallelism: parameters.lanes,
  outputLen: parameters.outputBytes,
};

const DECOY = decoyHash();

/** The queue line of admin requests; no address equals it. */
const NOT_A_SIGN_IN = '';

/** Makes and verifies the hashes of passwords, off the event loop. */
@Injectable()
export class PasswordHasher {
  private readonly logger = new Logger('passwords');

  constructor(private readonly threads: PasswordThreads) {}

  /**
   * @param source the requester's address: see `PasswordThreads`
   * @returns a PHC string @throws PasswordThreadsBusy; temporarily_unavailable
   */
  async hash(password: string, source = NOT_A_SIGN_IN): Promise<string> {
    const outcome = await this.threads.run({ kind: 'hash', password: normalized(password), options }, source);
    if ('problem' in outcome || typeof outcome.value !== 'string') throw OAuthError.unavailable('password_hash');
    return outcome.value;
  }

  /**
   * @param stored undefined if the user has no password
   * @param decoy the hash to compare with in that case; it takes the same time and never matches
   * @param source the requester's address: see `PasswordThreads`
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

/** Normalized as we hash it, and as typed: the system of an imported hash may not have normalized it. */
const spellings = (password: string): string[] => [...new Set([normalized(password), password])];
