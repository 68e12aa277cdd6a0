/** The account page in a browser: sessions, access, consents, and how to end each. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { Person, SCRIPTING } from '../support/person.js';
import { introspect } from '../support/requests.js';
import { aUser, Authorization, webClient, type TestUser } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0';

let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;
let shop: TestClient;
let notes: TestClient;
let user: TestUser;
/** This browser, and another one of the same user. */
let page: BrowserPage;
let person: Person;
let otherPage: BrowserPage;
let other: Person;

beforeAll(async () => {
  ({
    app,
    chromium,
    site,
    close: closeStage,
  } = await browserStage({ clock: new TestClock(Date.UTC(2030, 4, 17, 9, 30)) }));
  shop = await webClient(app, { name: 'Shop', redirectUris: [site.redirectUri], mayIntrospect: true });
  notes = await webClient(app, { name: 'Notes', redirectUris: [site.redirectUri], mayIntrospect: true });
});
afterAll(() => closeStage());
beforeEach(async () => {
  user = await aUser(app, { email: 'alice@example.org' });
});

async function sitDown({ javaScriptEnabled }: { javaScriptEnabled: boolean }): Promise<void> {
  page = await chromium.page({ javaScriptEnabled });
  person = new Person(page, app);
  otherPage = await chromium.page({ javaScriptEnabled, userAgent: FIREFOX });
  other = new Person(otherPage, app);
}

afterEach(async () => {
  expect([...page.complaints, ...otherPage.complaints]).toEqual([]);
  await Promise.all([page.close(), otherPage.close()]);
});

const section = (title: string): Locator =>
  page.locator('section', { has: page.getByRole('heading', { name: title }) });
const sessions = () => section('Where you are signed in').getByRole('listitem');
const access = () => section('Applications with access').locator('.entries > li');
const consents = () => section('What you have agreed to').locator('.entries > li');
/** The button by its accessible name, which says what it ends. */
const press = (label: string, of: string): Promise<void> =>
  page.follow(page.getByRole('button', { name: new RegExp(`^${label} ?: ${of}$`) }));
const done = () => page.getByRole('status').textContent();

/** @returns a check whether the client's access token is still valid */
async function authorize(who: Person, client: TestClient, scope: string): Promise<() => Promise<boolean>> {
  const asked = new Authorization(client, { redirect_uri: site.redirectUri, scope });
  await who.authorize(asked, user);
  const { body } = await asked.exchange(app, client, site.answer.parameters.get('code') ?? '');
  const isActive = async (): Promise<boolean> => (await introspect(app, client, body.access_token)).body.active;
  expect(await isActive()).toBe(true);
  return isActive;
}

describe.each(SCRIPTING)('$scripts', ({ javaScriptEnabled }) => {
  beforeEach(() => sitDown({ javaScriptEnabled }));

  it('the account page ends the session of another browser, with its families', async () => {
    await person.open('/account');
    await person.signIn(user);
    const isActive = await authorize(other, shop, 'openid read');
    await page.reload();
    await press('Sign out', 'Firefox on Windows');
    expect(await done()).toBe('That browser is signed out.');
    expect(await sessions().count()).toBe(1);
    expect(await other.isSignedIn()).toBe(false);
    expect(await isActive()).toBe(false);
    expect(await person.isSignedIn()).toBe(true);
  });

  it('the account page ends a client’s access, and the user is not asked for consent when they return to the client', async () => {
    const [isShopActive, isNotesActive] = [
      await authorize(person, shop, 'openid offline_access'),
      await authorize(person, notes, 'openid offline_access'),
    ];
    await person.open('/account');
    await press('End access', 'Shop');
    expect(await done()).toBe('The application has no access any more.');
    expect(await access().getByRole('heading').allTextContents()).toEqual(['Notes']);
    expect([await isShopActive(), await isNotesActive()]).toEqual([false, true]);
    await person.ask(new Authorization(shop, { redirect_uri: site.redirectUri, scope: 'openid offline_access' }));
    expect(page.url()).toContain(site.redirectUri);
  });

  it('the account page withdraws a consent: the access ends, and the client has to ask again', async () => {
    const isActive = await authorize(person, shop, 'openid offline_access');
    await person.open('/account');
    await press('Withdraw', 'Shop');
    expect(await done()).toBe('You have withdrawn your consent.');
    expect(await consents().count()).toBe(0);
    expect(await access().count()).toBe(0);
    expect(await isActive()).toBe(false);
    await person.ask(new Authorization(shop, { redirect_uri: site.redirectUri, scope: 'openid offline_access' }));
    expect(await person.heading()).toBe('Shop wants to use your account');
  });

  it('the account page signs the user out everywhere and ends all access', async () => {
    const isActive = await authorize(other, shop, 'openid offline_access');
    await person.open('/account');
    await person.signIn(user);
    await person.press('Sign out everywhere');
    expect(await person.heading()).toBe('You are signed out');
    expect([await person.isSignedIn(), await other.isSignedIn()]).toEqual([false, false]);
    expect(await isActive()).toBe(false);
  });
});

describe('the account page', () => {
  beforeEach(() => sitDown({ javaScriptEnabled: true }));

  it('the account page shows where the user is signed in, by which browser, since when, and which clients have access', async () => {
    await authorize(other, shop, 'openid email offline_access');
    app.clock.advanceSeconds(3600);
    await authorize(person, notes, 'openid read');
    await person.open('/account');
    expect(await person.heading()).toBe('Your account');
    expect(await page.getByText('alice@example.org').count()).toBe(1);
    expect(await sessions().getByRole('heading').allTextContents()).toEqual([
      'Chrome on LinuxThis browser',
      'Firefox on Windows',
    ]);
    expect(await sessions().nth(1).textContent()).toMatch(/Signed in17 May 2030,? \d\d:\d\d UTC.*From127\.0\.0\.1/);
    expect(await access().getByRole('heading').allTextContents()).toEqual(['Shop', 'Notes']);
    expect(await access().nth(0).textContent()).toContain('Also after you sign out');
    expect(await access().nth(1).textContent()).toContain('Until you sign out');
    expect(await access().nth(0).getByRole('listitem').allTextContents()).toEqual([
      'Know who you are',
      'See your email address',
      'Stay signed in when you are not using it',
    ]);
    expect(await consents().getByRole('heading').allTextContents()).toEqual(expect.arrayContaining(['Shop', 'Notes']));
  });

  it('the account page signs the user out of this browser only', async () => {
    await other.open('/account');
    await other.signIn(user);
    await person.open('/account');
    await person.signIn(user);
    await person.press('Sign out');
    expect(await person.heading()).toBe('You are signed out');
    expect([await person.isSignedIn(), await other.isSignedIn()]).toEqual([false, true]);
  });

  it('the account page asks a user whose session has ended to sign in, and its old forms end nothing', async () => {
    for (const who of [person, other]) {
      await who.open('/account');
      await who.signIn(user);
    }
    await person.open('/account');
    await otherPage.follow(otherPage.getByRole('button', { name: 'Chrome on Linux' }));
    await person.press('Sign out everywhere');
    expect(await person.heading()).toBe('Sign in');
    expect(await other.isSignedIn()).toBe(true);
  });
});
