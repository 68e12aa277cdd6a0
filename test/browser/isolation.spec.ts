/** Isolation between our pages and other sites in a real browser, except for a client's popup. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { Person } from '../support/person.js';
import { aUser, Authorization, webClient, type TestUser } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;
let client: TestClient;
let user: TestUser;
let page: BrowserPage;
let person: Person;
let asked: Authorization;

beforeAll(async () => {
  ({ app, chromium, site, close: closeStage } = await browserStage());
  client = await webClient(app, { name: 'Shop', redirectUris: [site.redirectUri, `${site.origin}/popup-back`] });
});
afterAll(() => closeStage());
beforeEach(async () => {
  site.answers.length = 0;
  user = await aUser(app);
  page = await chromium.page();
  person = new Person(page, app);
  asked = new Authorization(client, { redirect_uri: site.redirectUri });
});
afterEach(() => page.close());

const escaped = (url: string): string => url.replaceAll('&', '&amp;');

it('a frame shows no page of the service, signed in or not', async () => {
  await person.open('/account');
  await person.signIn(user);
  const paths = ['/sign-in', '/account', '/end-session', '/authorize', asked.path, '/sign-in/nothing'];
  for (const path of paths) {
    site.show('/frame', `<iframe src="${escaped(`${app.issuer}${path}`)}"></iframe>`);
    await page.goto(`${site.origin}/frame`);
    const frame = page.frames().find((one) => one !== page.mainFrame())!;
    await eventually(() => expect({ path, at: frame.url() }).toEqual({ path, at: 'chrome-error://chromewebdata/' }));
  }
  const refusals = page.complaints.filter((complaint) => complaint.includes("frame-ancestors 'none'"));
  expect(refusals).toHaveLength(paths.length);
});

describe('a popup', () => {
  /** Opens the popup with the click that browsers require. */
  async function popupAt(url: string): Promise<BrowserPage> {
    site.show('/start', `<h1>Start</h1><button onclick="popup = window.open('${escaped(url)}')">Open</button>`);
    await page.goto(`${site.origin}/start`);
    const [popup] = await Promise.all([chromium.popupOf(page), page.getByRole('button', { name: 'Open' }).click()]);
    return popup;
  }

  it('a client’s popup keeps its opener through sign-in and consent, and gives it the response', async () => {
    site.show(
      '/popup-back',
      '<script>opener.document.querySelector("h1").textContent = location.search; close()</script>',
    );
    asked = new Authorization(client, { redirect_uri: `${site.origin}/popup-back` });
    const popup = await popupAt(`${app.issuer}${asked.path}`);
    await new Person(popup, app).signIn(user);
    // The popup may close before the click has finished; only the closing counts.
    const click = () => popup.getByRole('button', { name: 'Allow' }).click();
    await Promise.all([popup.waitForEvent('close'), click().catch(() => undefined)]);
    const answer = new URLSearchParams((await person.heading()) ?? '');
    expect((await asked.exchange(app, client, answer.get('code') ?? '')).status).toBe(200);
    expect([...page.complaints, ...popup.complaints]).toEqual([]);
  });

  it('another site’s popup cannot be read by its opener while it shows a page of the service', async () => {
    const popup = await popupAt(`${app.issuer}/sign-in`);
    await popup.getByLabel('Username').waitFor();
    const attempt = 'try { popup.document.title } catch (error) { error.name }';
    expect(await page.evaluate(attempt)).toBe('SecurityError');
    await popup.close();
  });
});

describe('a page', () => {
  it('a page loads nothing from elsewhere: every request goes to the service or to the client', async () => {
    const requests: string[] = [];
    page.on('request', (request) => requests.push(`${request.resourceType()} ${new URL(request.url()).pathname}`));
    await person.authorize(asked, user);
    await person.open('/account');
    await person.press('Sign out');
    expect(page.complaints).toEqual([]);
    expect(requests.filter((request) => !request.startsWith('document '))).toEqual([]);
    expect(requests).toContain('document /consent');
  });

  it('a page sends the client only its own URL as referrer, and other sites none', async () => {
    const referrers: (string | undefined)[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith(site.origin)) referrers.push(request.headers().referer);
    });
    await person.authorize(asked, user);
    expect(referrers.length).toBeGreaterThan(0);
    expect(referrers.filter((referrer) => referrer !== undefined && !referrer.startsWith(site.origin))).toEqual([]);
  });

  it('a page runs no injected script', async () => {
    await person.open('/sign-in');
    const run = `new Promise((resolve) => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = true">');
      setTimeout(() => resolve(window.ran), 200);
    })`;
    expect(await page.evaluate(run)).toBeUndefined();
    const refusals = () => page.complaints.filter((complaint) => complaint.includes('Content Security Policy'));
    await eventually(() => expect(refusals()).toHaveLength(2));
  });

  it('a page sends no form to another site', async () => {
    await person.open('/sign-in');
    await person.fillIn(user);
    const refusal = page.waitForEvent('console');
    await page.evaluate(`document.forms[0].action = '${site.redirectUri}'; document.forms[0].requestSubmit()`);
    expect((await refusal).text()).toMatch(/form-action 'self'/);
    expect(person.isAt('/sign-in')).toBe(true);
    expect(site.answers).toEqual([]);
  });
});
