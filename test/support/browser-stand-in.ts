/** The parts of a browser that login sessions use: its cookies and its headers. */
import type { BrowserContext } from '../../src/platform/http/browser-context.js';

export class BrowserStandIn {
  /** The Cookie header that it sends. */
  cookie: string | undefined;
  /** Every `Set-Cookie` that it received. */
  readonly given: string[] = [];

  constructor(
    private readonly userAgent = 'Test browser',
    private readonly source = '192.0.2.7',
  ) {}

  request(correlationId = 'test'): BrowserContext {
    const { userAgent, source, cookie: cookies } = this;
    return { correlationId, source, arrivedAt: 0, cookies, userAgent, origin: undefined, secFetchSite: undefined };
  }

  take(setCookie: string): void {
    this.given.push(setCookie);
    this.cookie = setCookie.split(';')[0];
  }
}
