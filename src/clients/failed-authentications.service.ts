import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { FailureCounters, type FailureCounter } from '../platform/limits/failure-counter.service.js';
import { sourceKey } from '../platform/limits/source-key.js';
import { OAuthError } from '../oauth/oauth-error.js';

const WINDOW_SECONDS = 60;

/** One source may have this many times the failures of one client: a proxy has many clients behind it. */
const SOURCE_FACTOR = 10;

/**
 * Counts failed client authentications by (client, source) and by source, and blocks either for the rest of a minute after
 * too many (RFC 6749 §2.3.1). Never by client alone: an attacker could lock the client out.
 */
@Injectable()
export class FailedAuthentications {
  private readonly byClient: FailureCounter;
  private readonly bySource: FailureCounter;

  constructor(config: Config, counters: FailureCounters) {
    const failures = config.failedAuthenticationsPerMinute;
    this.byClient = counters.counter({ name: 'client', failures, windowSeconds: WINDOW_SECONDS });
    this.bySource = counters.counter({
      name: 'source',
      failures: failures * SOURCE_FACTOR,
      windowSeconds: WINDOW_SECONDS,
    });
  }

  /**
   * @param knownId the client's id if the client exists; for the log
   * @throws OAuthError too_many_requests while this source is blocked, for this client or for all
   */
  check(clientId: string, source: string, knownId: string | undefined): void {
    const seconds =
      this.byClient.waitSeconds(clientKey(clientId, source)) || this.bySource.waitSeconds(sourceKey(source));
    if (seconds > 0) throw OAuthError.tooManyRequests(seconds, 'failed_authentications', knownId);
  }

  /** Counts one failure. Never rejects. */
  async count(clientId: string, source: string): Promise<void> {
    await Promise.all([this.byClient.count(clientKey(clientId, source)), this.bySource.count(sourceKey(source))]);
  }
}

const clientKey = (clientId: string, source: string): string => `${clientId.slice(0, 128)} ${sourceKey(source)}`;
