import { Injectable } from '@nestjs/common';
import { DELIVERY_TIMEOUT_MS } from './logout-notice.js';

/** Undefined: done. Otherwise why not, in few words. */
export type Failure = 'timeout' | 'unreachable' | `http_${number}`;

/** 204 is what frameworks make of a 200 without a body (OpenID Connect Back-Channel Logout §2.8). */
const DONE: readonly number[] = [200, 204];

/** The request that tells a client (§2.5). Where it goes was checked when the client was registered. */
@Injectable()
export class BackchannelRequest {
  /** Follows no redirect, and reads no more of the answer than its status. Never rejects. */
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
