import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { Clock } from '../platform/time/clock.js';
import { KeyRepository } from './key.repository.js';
import type { SigningAlgorithm } from './signing-algorithm.js';
import {
  signersOf,
  signingPolicy,
  verifiesUntil,
  type SigningKeyLife,
  type SigningPolicy,
} from './signing-key-schedule.js';

/** `next`: published, will sign later. `verifying`: published until the last token that it signed expires. */
type SigningKeyState = 'next' | 'signing' | 'verifying' | 'expired' | 'retired';

export interface SigningKeyEntry {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: SigningKeyState;
  /** Milliseconds since the epoch. */
  readonly activeFrom: number;
  /** Undefined while it has no successor. */
  readonly verifiesUntil: number | undefined;
}

/** Lists the signing keys in the database and their states, for admins. */
@Injectable()
export class KeyInventory {
  private readonly policy: SigningPolicy;

  constructor(
    private readonly repository: KeyRepository,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.policy = signingPolicy(config);
  }

  /** Newest first. */
  async list(): Promise<SigningKeyEntry[]> {
    const { signingKeys } = await this.repository.load();
    const now = this.clock.now();
    const signers = signersOf(signingKeys, this.policy, now);
    const entries = signingKeys.map((key) => {
      const until = verifiesUntil(key, signingKeys, this.policy);
      const state = signers.includes(key) ? 'signing' : stateBeside(key, until, now);
      const { kid, algorithm, activeFrom } = key;
      return { kid, algorithm, state, activeFrom, verifiesUntil: until === Infinity ? undefined : until };
    });
    return entries.sort((one, other) => other.activeFrom - one.activeFrom || one.kid.localeCompare(other.kid));
  }
}

function stateBeside(key: SigningKeyLife, until: number, now: number): SigningKeyState {
  if (key.retiredAt !== null) return 'retired';
  if (key.activeFrom > now) return 'next';
  return now < until ? 'verifying' : 'expired';
}
