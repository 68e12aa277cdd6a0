import { Injectable } from '@nestjs/common';
import { DELIVERY_TIMEOUT_MS } from './logout-notice.js';

/** Why a delivery failed. */
export type Failure = 'timeout' | 'unreachable' | `http_${number}`;

/** Frameworks turn a 200 without a body into 204 (OpenID Connect Back-Channel Logout §2.8). */
const DONE: readonly number[] = [200, 204];

/** The logout request to a client (§2.5). Its URI was validated when the client was registered. */
@Injectable()
export class BackchannelRequest {
  /** Follows no redirects and reads only the status. Never rejects. @returns undefined on success */
  async send(uri: string, logoutToken: string): Promise<Failure | undefined> {
    try {
      const response = await fetch(uri, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'rekey' },
        body: new URLSearchParams({ logout_token: logoutToken }).toString(),
        redirect: 'manual',
        signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
      });
      await response.body?.cancel();
      return DONE.includes(response.status) ? undefined : `http_${response.status}`;
    } catch (error) {
      return (error as Error).name === 'TimeoutError' ? 'timeout' : 'unreachable';
    }
  }
}
