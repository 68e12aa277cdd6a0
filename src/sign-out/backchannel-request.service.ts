import { Injectable } from '@nestjs/common';
import { EgressRefused, OutgoingRequests } from '../platform/egress/outgoing-requests.service.js';
import { DELIVERY_TIMEOUT_MS } from './logout-notice.js';

/** Why a delivery failed. */
export type Failure = 'timeout' | 'unreachable' | `egress_${string}` | `http_${number}`;

/** Frameworks turn a 200 without a body into 204 (OpenID Connect Back-Channel Logout §2.8). */
const DONE: readonly number[] = [200, 204];

/** The logout request to a client (§2.5). Its URI was validated when the client was registered. */
@Injectable()
export class BackchannelRequest {
  constructor(private readonly requests: OutgoingRequests) {}

  /** Follows no redirects and reads only the status. Never rejects. @returns undefined on success */
  async send(uri: string, logoutToken: string): Promise<Failure | undefined> {
    try {
      const response = await this.requests.send(uri, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'rekey' },
        body: new URLSearchParams({ logout_token: logoutToken }).toString(),
        timeoutMs: DELIVERY_TIMEOUT_MS,
        maxBytes: 0,
      });
      return DONE.includes(response.status) ? undefined : `http_${response.status}`;
    } catch (error) {
      if (error instanceof EgressRefused) return `egress_${error.refusal}`;
      return (error as Error).name === 'TimeoutError' ? 'timeout' : 'unreachable';
    }
  }
}
