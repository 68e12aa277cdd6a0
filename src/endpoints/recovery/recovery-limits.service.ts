/**
 * Limits the requests for mails, whether or not there is such an account. An address gets only so many mails, and the answer does
 * not show it, so that nobody can keep its owner from asking; a source is told to wait.
 */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import { FailureCounters, type FailureCounter } from '../../platform/limits/failure-counter.service.js';
import { sourceKey } from '../../platform/limits/source-key.js';

const PER_ADDRESS = 5;
const ADDRESS_SECONDS = 3600;
/** Times the failed sign-ins that one user may have in a minute: an office has many users behind one address. */
const SOURCE_FACTOR = 3;
const SOURCE_SECONDS = 600;

@Injectable()
export class RecoveryLimits {
  private readonly byAddress: FailureCounter;
  private readonly bySource: FailureCounter;
  private readonly perSource: number;

  constructor(counters: FailureCounters, config: Config) {
    this.perSource = config.failedSignInsPerMinute * SOURCE_FACTOR;
    const counter = (name: string, failures: number, windowSeconds: number) =>
      counters.counter({ name: `mail:${name}`, failures, windowSeconds });
    this.byAddress = counter('address', PER_ADDRESS, ADDRESS_SECONDS);
    this.bySource = counter('source', this.perSource, SOURCE_SECONDS);
  }

  /** Counts a request. @returns seconds to wait; 0 if the source may ask */
  async waitSeconds(source: string): Promise<number> {
    const key = sourceKey(source);
    const seconds = this.bySource.waitSeconds(key);
    if (seconds > 0) return seconds;
    return (await this.bySource.count(key)) > this.perSource ? this.bySource.waitSeconds(key) : 0;
  }

  /** Counts a mail. @param typed a username or an e-mail address, which may be a password typed by mistake */
  async mayMail(typed: string): Promise<boolean> {
    const key = createHash('sha256').update(typed.trim().toLowerCase()).digest('base64url').slice(0, 22);
    return (await this.byAddress.count(key)) <= PER_ADDRESS;
  }
}
