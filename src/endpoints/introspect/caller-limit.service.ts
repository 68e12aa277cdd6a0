import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import { OAuthError } from '../../oauth/oauth-error.js';

/**
 * Limits introspections per second and caller (RFC 7662 §4) on this replica, against scanning for tokens. Counts in memory,
 * because a Redis command would cost as much as the introspection.
 */
@Injectable()
export class CallerLimit {
  private readonly counts = new Map<string, number>();
  private second = 0;

  constructor(private readonly config: Config) {}

  /** @throws OAuthError too_many_requests */
  take(clientId: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.counts.clear();
    }
    const count = (this.counts.get(clientId) ?? 0) + 1;
    this.counts.set(clientId, count);
    if (count > this.config.introspectionsPerSecond) throw OAuthError.tooManyRequests(1, 'introspections');
  }
}
