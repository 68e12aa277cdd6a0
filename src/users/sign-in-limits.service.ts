/**
 * Slows down password guessing without a lock-out that an attacker could trigger: failures count per user *and source*, and
 * per source, so an attacker elsewhere does not affect the user. (An attacker behind the same address does: the two cannot be
 * told apart.)
 *
 * Guessing from many sources is slowed down as well: after very many failures from unknown sources, each unknown source has
 * only a few attempts left for that user. Sources from which the user has signed in before are known and not limited; and on
 * a new device the user has those few attempts, whatever attackers do with theirs.
 *
 * Unknown usernames are counted the same way. Usernames are counted by digest, because people type passwords into that field.
 */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { FailureCounters, type FailureCounter } from '../platform/limits/failure-counter.service.js';
import { sourceKey } from '../platform/limits/source-key.js';

const MINUTE_SECONDS = 60;

/** One source may have this many times the failures of one user: an office has many users behind one address. */
const SOURCE_FACTOR = 10;

/** This many failures from unknown sources within SIEGE_SECONDS mean an attack, not a forgotten password. */
const SIEGE_FAILURES = 100;
const SIEGE_SECONDS = 900;
const FAILURES_OF_A_STRANGER = 3;

/** Retry-After when the attempts under way use up the limit: by then they have succeeded or failed. */
const SECONDS_UNTIL_AN_OUTCOME = 1;

export interface SignInAttempt {
  /** Digest of the typed username. */
  readonly account: string;
  readonly source: string;
}

@Injectable()
export class SignInLimits {
  private readonly byAccountAndSource: FailureCounter;
  private readonly bySource: FailureCounter;
  private readonly byAccount: FailureCounter;
  private readonly byStranger: FailureCounter;
  /** Attempts without an outcome yet, by user and source, and by source, so that concurrent guesses count as well. */
  private readonly pending = new Map<string, number>();

  constructor(config: Config, counters: FailureCounters) {
    const failures = config.failedSignInsPerMinute;
    const counter = (name: string, limit: number, windowSeconds: number) =>
      counters.counter({ name: `sign-in:${name}`, failures: limit, windowSeconds });
    this.byAccountAndSource = counter('account-source', failures, MINUTE_SECONDS);
    this.bySource = counter('source', failures * SOURCE_FACTOR, MINUTE_SECONDS);
    this.byAccount = counter('account', SIEGE_FAILURES, SIEGE_SECONDS);
    this.byStranger = counter('stranger', Math.min(failures, FAILURES_OF_A_STRANGER), SIEGE_SECONDS);
  }

  /** @param name the key of the username; the typed text if it is not a valid username */
  attempt(name: string, address: string): SignInAttempt {
    const account = createHash('sha256').update(name).digest('base64url').slice(0, 22);
    return { account, source: sourceKey(address) };
  }

  /** To be checked before the user is read. @returns seconds to wait; 0 if the attempt is allowed */
  waitSeconds(attempt: SignInAttempt): number {
    return this.waitOf(this.byAccountAndSource, keyOf(attempt)) || this.waitOf(this.bySource, attempt.source);
  }

  /** For a source from which the user has not signed in before. @returns seconds to wait; 0 if the attempt is allowed */
  strangerWaitSeconds(attempt: SignInAttempt): number {
    return this.byAccount.waitSeconds(attempt.account) > 0 ? this.byStranger.waitSeconds(keyOf(attempt)) : 0;
  }

  async pendingWhile<T>(attempt: SignInAttempt, work: () => Promise<T>): Promise<T> {
    const keys = [keyOf(attempt), attempt.source];
    for (const key of keys) this.addPending(key, 1);
    try {
      return await work();
    } finally {
      for (const key of keys) this.addPending(key, -1);
    }
  }

  /** Counts one failure. Never rejects. */
  async count(attempt: SignInAttempt, isStranger: boolean): Promise<void> {
    const counted = [this.byAccountAndSource.count(keyOf(attempt)), this.bySource.count(attempt.source)];
    if (isStranger) counted.push(this.byAccount.count(attempt.account), this.byStranger.count(keyOf(attempt)));
    await Promise.all(counted);
  }

  /** Each attempt under way may fail, so it uses up one of the remaining failures. */
  private waitOf(counter: FailureCounter, key: string): number {
    const seconds = counter.waitSeconds(key);
    if (seconds > 0) return seconds;
    return (this.pending.get(key) ?? 0) < counter.remaining(key) ? 0 : SECONDS_UNTIL_AN_OUTCOME;
  }

  private addPending(key: string, change: 1 | -1): void {
    const pending = (this.pending.get(key) ?? 0) + change;
    if (pending > 0) this.pending.set(key, pending);
    else this.pending.delete(key);
  }
}

const keyOf = ({ account, source }: SignInAttempt): string => `${account} ${source}`;
