/** The set-up of a browser test: the service at its issuer, a client's site, and Chromium. */
import { expect } from '@jest/globals';
import { Chromium } from './chromium.js';
import { ClientSite } from './client-site.js';
import { serverErrors } from './expectations.js';
import { startAppAtIssuer, type TestApp, type TestAppOptions } from './test-app.js';
import { TestClock } from './test-clock.js';

export interface BrowserStage {
  readonly app: TestApp;
  readonly chromium: Chromium;
  readonly site: ClientSite;
  /** Fails if the service has answered a 5xx meanwhile. */
  readonly close: () => Promise<void>;
}

export async function browserStage(options: TestAppOptions = {}): Promise<BrowserStage> {
  const app = await startAppAtIssuer({ clock: new TestClock(Date.now()), ...options });
  const [chromium, site] = await Promise.all([Chromium.launch(), ClientSite.start()]);
  const close = async () => {
    await chromium.close();
    await site.close();
    expect(serverErrors(app)).toEqual([]);
    await app.close();
  };
  return { app, chromium, site, close };
}
