/** The applications of `examples/` in a real browser: tokens in the page (spa), and on a server behind it (bff). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Response } from 'playwright-core';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import { ExampleSite } from '../support/example-site.js';
import { Person } from '../support/person.js';
import { postForm } from '../support/requests.js';
import { freePort } from '../support/server-process.js';
import { aUser, browserClient, webClient } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
let chromium: Chromium;
let closeStage: () => Promise<void>;
let page: BrowserPage;
/** What the browser has received in all its tabs. */
let answers: Response[];

beforeAll(async () => {
  ({ app, chromium, close: closeStage } = await browserStage());
});
afterAll(() => closeStage());
afterEach(() => page.context().close());

const heading = (name: string, at = page) => at.getByRole('heading', { name, exact: true }).waitFor();
const press = (name: string, at = page) => at.getByRole('button', { name, exact: true }).click();

/** Signs a new user in at the application. */
async function signInAt(url: string): Promise<void> {
  page = await chromium.page();
  answers = [];
  page.context().on('response', (answer) => answers.push(answer));
  await page.goto(url);
  const person = new Person(page, app);
  await person.press('Sign in');
  await person.signIn(await aUser(app, { name: 'Alice Liddell' }));
  await person.press('Allow');
}

/** The application in another tab, with the cookies and the storage of the first. */
async function otherTab(url: string): Promise<BrowserPage> {
  const tab = (await page.context().newPage()) as BrowserPage;
  await tab.goto(url);
  await heading('Signed in as Alice Liddell', tab);
  return tab;
}

/** Both tabs press the button before either has its answer. @returns the bodies of both requests */
async function bothRefresh(tabs: readonly BrowserPage[], endpoint: string): Promise<(string | null)[]> {
  const bodies: (string | null)[] = [];
  let letGo = () => {};
  const bothAreHere = new Promise<void>((resolve) => (letGo = resolve));
  await page.context().route(endpoint, async (route) => {
    if (bodies.push(route.request().postData()) === tabs.length) letGo();
    await bothAreHere;
    await route.continue();
  });
  const results = tabs.map((tab) => tab.waitForResponse(endpoint));
  await Promise.all(tabs.map((tab) => press('Refresh the tokens', tab)));
  expect((await Promise.all(results)).map((answer) => answer.status())).toEqual([200, 200]);
  await page.context().unroute(endpoint);
  return bodies;
}

describe('an application in the page alone (spa)', () => {
  let site: ExampleSite;
  let port: number;
  let url: string;

  beforeAll(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    const redirectUris = [url, `http://localhost:${port}/`];
    const client = await browserClient(app, {
      redirectUris,
      postLogoutRedirectUris: redirectUris,
      allowedOrigins: ['http://127.0.0.1'],
    });
    site = await ExampleSite.start('spa/serve.js', app, client, port);
  });
  afterAll(() => site.close());

  it('a user signs in, and signs out at the issuer as well', async () => {
    await signInAt(url);
    await heading('Signed in as Alice Liddell');
    expect(page.url()).toBe(url);
    await page.follow(page.getByRole('button', { name: 'Sign out' }));
    await heading('Nobody is signed in');
    expect(page.url()).toBe(url);
    expect(await new Person(page, app).isSignedIn()).toBe(false);
    expect(page.complaints).toEqual([]);
  });

  it('two tabs that refresh at once with the same refresh token both stay signed in, and refresh again', async () => {
    await signInAt(url);
    await heading('Signed in as Alice Liddell');
    const tabs = [page, await otherTab(url)];
    const tokenOf = (body: string | null) => new URLSearchParams(body ?? '').get('refresh_token');
    const [first, second] = (await bothRefresh(tabs, `${app.issuer}/token`)).map(tokenOf);
    expect(first).toBe(second);
    for (const tab of tabs) {
      const again = tab.waitForResponse(`${app.issuer}/token`);
      await press('Refresh the tokens', tab);
      expect((await again).status()).toBe(200);
      await heading('Signed in as Alice Liddell', tab);
    }
    expect(page.complaints).toEqual([]);
  });

  it('a page whose origin is not registered can read why it is refused, and the code is not spent', async () => {
    await signInAt(`http://localhost:${port}/`);
    await page.getByRole('alert').filter({ hasText: 'unauthorized_client: ' }).waitFor();
    await heading('Nobody is signed in');
    const refused = answers.find((answer) => answer.url() === `${app.issuer}/token`);
    expect(refused?.status()).toBe(400);
    const fromAServer = await postForm(`${app.url}/token`, refused?.request().postData() ?? '');
    expect(fromAServer.body).toMatchObject({ refresh_token: expect.any(String) });
  });
});

describe('an application with a backend for its frontend (bff)', () => {
  let site: ExampleSite;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    const client = await webClient(app, { redirectUris: [`${url}callback`], postLogoutRedirectUris: [url] });
    site = await ExampleSite.start('bff/server.js', app, client, port);
  });
  afterAll(() => site.close());

  it('a user signs in and out, and the page has no token, and no script can read its cookie', async () => {
    await signInAt(url);
    await heading('Signed in as Alice Liddell');
    await press('Refresh the tokens');
    await page.getByText('The access token expires in').waitFor();
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(kept).toBe('[{},{},""]');
    const fromItsServer = answers.filter((answer) => answer.ok() && answer.url().startsWith(`${url}api/`));
    const bodies = await Promise.all(fromItsServer.map((answer) => answer.text()));
    expect(bodies.join()).toContain('Alice Liddell');
    expect(bodies.join()).not.toMatch(/rt_|ey[A-Z]/);
    await page.follow(page.getByRole('button', { name: 'Sign out' }));
    await heading('Nobody is signed in');
    expect(await new Person(page, app).isSignedIn()).toBe(false);
    expect(page.complaints).toEqual([]);
  });

  it('two tabs that refresh at once both stay signed in, and refresh again', async () => {
    await signInAt(url);
    await heading('Signed in as Alice Liddell');
    const tabs = [page, await otherTab(url)];
    for (let time = 0; time < 2; time++) await bothRefresh(tabs, `${url}api/refresh`);
    for (const tab of tabs) await heading('Signed in as Alice Liddell', tab);
    expect(page.complaints).toEqual([]);
  });
});
