/** Signing in at a client in a real browser: sign-in page, consent, and tokens. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Chromium, type BrowserPage } from '../support/chromium.js';
import { DemoSite } from '../support/demo-site.js';
import { serverErrors } from '../support/expectations.js';
import { aUser, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

let app: TestApp;
let site: DemoSite;
let chromium: Chromium;

beforeAll(async () => {
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()) });
  [site, chromium] = await Promise.all([DemoSite.start(app), Chromium.launch()]);
});
afterAll(async () => {
  await chromium.close();
  await site.close();
  expect(serverErrors(app)).toEqual([]);
  await app.close();
});

describe.each([
  { javaScriptEnabled: true, scripts: 'with JavaScript' },
  { javaScriptEnabled: false, scripts: 'without JavaScript' },
])('$scripts', ({ javaScriptEnabled }) => {
  let user: TestUser;
  let page: BrowserPage;

  beforeEach(async () => {
    user = await aUser(app, { name: 'Alice Liddell' });
    page = await chromium.page({ javaScriptEnabled });
    await page.goto(site.url);
  });
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  const press = (name: string) => page.follow(page.getByRole('button', { name, exact: true }));
  const go = (name: string) => page.follow(page.getByRole('link', { name, exact: true }));
  const heading = () => page.getByRole('heading', { level: 1 }).textContent();

  async function signIn(password = user.password): Promise<void> {
    await go('Sign in');
    await page.getByLabel('Username').fill(user.username);
    await page.getByLabel('Password').fill(password);
    await press('Sign in');
  }

  it('a user signs in, gives the client consent, and comes back with tokens', async () => {
    await signIn();
    expect(await heading()).toContain('Demo client');
    await press('Allow');
    expect(page.url()).toBe(`${site.url}/`);
    expect(await heading()).toBe('Signed in as Alice Liddell');
    await press('Refresh the tokens');
    await press('Call the protected resource');
    expect(await page.locator('pre').textContent()).toContain(user.subject);
  });

  it('a user who consents is not asked again, and a user who denies is sent back without tokens', async () => {
    await signIn();
    await press('Deny');
    expect(page.url()).toContain(`${site.url}/callback?error=access_denied`);
    await go('Sign in');
    await press('Allow');
    await press('Refresh the tokens');
    await page.goto(`${site.url}/sign-in`);
    expect(page.url()).toBe(`${site.url}/`);
  });

  it('a wrong password shows the form again, and the right one continues', async () => {
    await signIn('not the password at all');
    expect(await page.getByLabel('Username').inputValue()).toBe(user.username);
    await page.getByLabel('Password').fill(user.password);
    await press('Sign in');
    await press('Allow');
    expect(await heading()).toBe('Signed in as Alice Liddell');
  });

  it('a user who signs out at the client is signed out at the issuer', async () => {
    await signIn();
    await press('Allow');
    await press('Sign out');
    expect(page.url()).toBe(`${site.url}/`);
    await go('Sign in without being asked');
    expect(page.url()).toContain('error=login_required');
  });
});
