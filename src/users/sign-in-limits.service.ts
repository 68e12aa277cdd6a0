/**
 * What slows down those who guess passwords, without a lock-out that a stranger could trigger: failures count against a
 * user *from one source*, and against a source; an attacker elsewhere changes nothing for the user at home. (One behind the
 * same address does: that cannot be told apart.)
 *
 * A guess that is spread over many sources is slowed down as well: a user with very many failures from strange sources is
 * besieged, and each strange source has only a few attempts left. A source from which the user has signed in before is not
 * strange, so the owner is not hit; and on a new device the owner has those few attempts, whatever the attackers do with theirs.
 *
 * Names that nobody has are counted the same way. They are counted by a digest: people type passwords into that field.
 */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { FailureCounters, type FailureCounter } from '../platform/limits/failure-counter.service.js';
import { sourceKey } from '../platform/limits/source-key.js';

const MINUTE_SECONDS = 60;

/** One source may try this many users' worth of failures: an office has many users behind one address. */
const SOURCE_FACTOR = 10;

/** So many failures from strange sources in a quarter of an hour are no forgotten password. */
const SIEGE_FAILURES = 100;
const SIEGE_SECONDS = 900;
const FAILURES_OF_A_STRANGER = 3;

/** When attempts under way take all that is left: some of them have succeeded by then, or all have failed. */
const SECONDS_UNTIL_AN_OUTCOME = 1;

export interface SignInAttempt {
  /** A digest of the name that was typed. */
  readonly account: string;
  readonly source: string;
}

@Injectable()
export class SignInLimits {
  private readonly byAccountAndSource: FailureCounter;
  private readonly bySource: FailureCounter;
  private readonly byAccount: FailureCounter;
  private readonly byStranger: FailureCounter;
  /** Attempts that have no outcome yet, by user and source, and by source: guesses made at the same time count as well. */
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

  /** @param name the key of the username; or what was typed, where that is no username */
  attempt(name: string, address: string): SignInAttempt {
    const account = createHash('sha256').update(name).digest('base64url').slice(0, 22);
    return { account, source: sourceKey(address) };
  }

  /** Before anything is looked up. @returns seconds; 0 where the attempt may be made */
  waitSeconds(attempt: SignInAttempt): number {
    return this.waitOf(this.byAccountAndSource, keyOf(attempt)) || this.waitOf(this.bySource, attempt.source);
  }

  /** For a source that the user has not signed in from. @returns seconds; 0 where the attempt may be made */
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

  /** Each attempt under way may become a failure: no more of them than there are failures left. */
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
