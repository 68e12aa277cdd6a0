/** All pages by keyboard: initial focus, focus order, and visible focus. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { focusedNode } from '../support/accessibility.js';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { Person, SCRIPTING } from '../support/person.js';
import { aUser, Authorization, webClient, type TestUser } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';
import { Upstream } from '../support/upstream.js';

let upstream: Upstream;
let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;
let client: TestClient;
let user: TestUser;
let page: BrowserPage;
let person: Person;

beforeAll(async () => {
  upstream = await Upstream.start();
  const environment = { ...upstream.environment, REKEY_UPSTREAM_NAME: 'Acme' };
  ({ app, chromium, site, close: closeStage } = await browserStage({ environment }));
  client = await webClient(app, { name: 'Shop', redirectUris: [site.redirectUri] });
});
afterAll(async () => {
  await closeStage();
  await upstream.close();
});

const authorization = (): Authorization => new Authorization(client, { redirect_uri: site.redirectUri });

/** Checks the focus indicator: as wide as WCAG 2.4.13 requires, in view, and in a colour that differs from the background. */
async function expectVisibleFocus(): Promise<void> {
  const { outline, isInSight, isContrasting } = await page.evaluate<{
    outline: number;
    isInSight: boolean;
    isContrasting: boolean;
  }>(`(() => {
    const element = document.activeElement;
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const behind = getComputedStyle(document.querySelector('.card')).backgroundColor;
    return {
      outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
      isInSight: top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth,
      isContrasting: style.outlineColor !== behind,
    };
  })()`);
  expect({ outline, isInSight, isContrasting }).toEqual({ outline: 3, isInSight: true, isContrasting: true });
}

/** The elements that the tab key reaches until it leaves the page, each with a visible focus. */
async function tabStops(): Promise<string[]> {
  const stops: string[] = [];
  for (let node = await focusedNode(page); node; node = await focusedNode(page)) {
    stops.push(`${node.role} ${node.name}`);
    await expectVisibleFocus();
    await page.keyboard.press('Tab');
    if (stops.length > 30) throw new Error(`The tab key goes round in circles: ${stops.join(', ')}`);
  }
  return stops;
}

async function open(path: string): Promise<void> {
  await person.open(path);
  await page.drawn();
}

const ask = (authorization: Authorization): Promise<void> => open(authorization.path);

async function pressAndFollow(key: string): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
  await page.drawn();
}

describe.each(SCRIPTING)('$scripts', ({ javaScriptEnabled }) => {
  beforeEach(async () => {
    user = await aUser(app);
    page = await chromium.page({ javaScriptEnabled });
    person = new Person(page, app);
  });
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  it('a user signs in and gives the client consent', async () => {
    await ask(authorization());
    await page.keyboard.type(user.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(user.password);
    await pressAndFollow('Enter');
    expect(await person.heading()).toBe('Shop wants to use your account');
    for (const stop of ['link Use another account', 'button Deny', 'button Allow']) {
      await page.keyboard.press('Tab');
      const { role, name } = (await focusedNode(page))!;
      expect(`${role} ${name}`).toBe(stop);
    }
    await pressAndFollow('Enter');
    expect(page.url()).toContain(`${site.redirectUri}?code=`);
  });

  it('a user signs in through another provider', async () => {
    await ask(authorization());
    for (let stop = 0; stop < 3; stop++) await page.keyboard.press('Tab');
    expect(await focusedNode(page)).toMatchObject({ role: 'link', name: 'Continue with Acme' });
    await pressAndFollow('Enter');
    expect(await person.heading()).toBe('Shop wants to use your account');
  });

  it('after a wrong password only the password has to be typed again', async () => {
    await person.open('/sign-in');
    await person.signIn({ ...user, password: 'wrong' });
    await page.drawn();
    await page.keyboard.type(user.password);
    await pressAndFollow('Enter');
    expect(await person.heading()).toBe('Your account');
  });
});

describe('the tab key', () => {
  beforeEach(async () => {
    user = await aUser(app);
    page = await chromium.page();
    person = new Person(page, app);
  });
  afterEach(() => page.close());

  it('the tab key follows the reading order of the sign-in page, starting at the first empty field', async () => {
    await ask(authorization());
    expect(await tabStops()).toEqual([
      'textbox Username',
      'textbox Password',
      'button Sign in',
      'link Continue with Acme',
    ]);
  });

  it('the tab key reaches every button of the account page, and each says what it ends', async () => {
    const asked = authorization();
    await person.authorize(asked, user);
    await asked.exchange(app, client, site.answer.parameters.get('code') ?? '');
    await open('/account');
    await page.keyboard.press('Tab');
    expect(await tabStops()).toEqual([
      'button Sign out',
      expect.stringMatching(/^button Sign out ?: Chrome on Linux$/),
      'button Sign out everywhere',
      expect.stringMatching(/^button End access ?: Shop$/),
      expect.stringMatching(/^button Withdraw ?: Shop$/),
      'link Change password',
    ]);
  });

  it('the tab key goes through the sign-out page', async () => {
    await person.open('/account');
    await person.signIn(user);
    await open('/end-session');
    await page.keyboard.press('Tab');
    expect(await tabStops()).toEqual(['link Stay signed in', 'button Sign out']);
  });
});
