/** The language of all pages: the client's choice, then the browser's. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { traditionalChinese as chinese } from '../../src/pages/traditional-chinese.js';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { Person } from '../support/person.js';
import { aUser, Authorization, webClient, type TestUser } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';

const NAME = '小舖';

let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;
let client: TestClient;
let user: TestUser;
let page: BrowserPage;
let person: Person;

beforeAll(async () => {
  ({ app, chromium, site, close: closeStage } = await browserStage());
  client = await webClient(app, {
    name: NAME,
    redirectUris: [site.redirectUri],
    postLogoutRedirectUris: [`${site.origin}/signed-out`],
  });
  user = await aUser(app);
});
afterAll(() => closeStage());
afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

const authorization = (overrides: Record<string, string> = {}): Authorization =>
  new Authorization(client, { redirect_uri: site.redirectUri, prompt: 'consent', ...overrides });

async function sitDown(locale: string): Promise<void> {
  page = await chromium.page({ locale });
  person = new Person(page, app, chinese);
}

/** The page's heading and language. */
const seen = async (): Promise<(string | null)[]> => [
  await page.locator('html').getAttribute('lang'),
  await page.title(),
  await person.heading(),
];

const inChinese = (heading: string, title = heading): string[] => ['zh-Hant', `${title} · Rekey`, heading];
const CONSENT = inChinese(chinese.consent.heading(NAME).join(''), chinese.consent.title(NAME));
const ENGLISH_SIGN_IN = ['en', 'Sign in · Rekey', 'Sign in'];

describe('a browser that is set to Traditional Chinese', () => {
  beforeEach(() => sitDown('zh-TW'));

  it('a browser set to Traditional Chinese gets every page in it', async () => {
    await person.ask(authorization());
    expect(await seen()).toEqual(['zh-Hant', '登入 · Rekey', '登入']);
    await person.signIn({ ...user, password: 'wrong' });
    expect(await seen()).toEqual(inChinese('登入', chinese.failed('登入')));
    expect(await page.getByRole('alert').textContent()).toBe(chinese.signIn.wrong);
    await person.signIn(user);
    expect(await seen()).toEqual(CONSENT);
    await person.press(chinese.consent.allow);
    await person.open('/account');
    expect(await seen()).toEqual(inChinese(chinese.account.title));
    await person.open('/end-session');
    expect(await seen()).toEqual(inChinese(chinese.signOut.title));
    await person.press(chinese.signOut.submit);
    expect(await seen()).toEqual(inChinese(chinese.signedOut.title));
    await person.open('/sign-in/nothing');
    const { title } = chinese.errors.notFound;
    expect(await seen()).toEqual(inChinese(title, chinese.failed(title)));
  });

  it('a browser set to Traditional Chinese gets English if the client asks for it', async () => {
    await person.ask(authorization({ ui_locales: 'en' }));
    expect(await seen()).toEqual(ENGLISH_SIGN_IN);
  });
});

describe('a browser that is set to English', () => {
  beforeEach(() => sitDown('en-US'));

  it('a browser set to English gets Traditional Chinese if the client asks for it, also after sign-in and at sign-out', async () => {
    await person.ask(authorization({ ui_locales: 'fr zh-Hant-TW en' }));
    expect(await seen()).toEqual(inChinese('登入'));
    await person.signIn({ ...user, password: 'wrong' });
    await person.signIn(user);
    expect(await seen()).toEqual(CONSENT);
    await person.press(chinese.consent.allow);
    await person.open(`/end-session?ui_locales=zh-TW&client_id=${client.clientId}`);
    expect(await seen()).toEqual(inChinese(chinese.signOut.title));
    await person.press(chinese.signOut.submit);
    expect(await seen()).toEqual(inChinese(chinese.signedOut.title));
  });

  it('a browser set to English gets error pages in Traditional Chinese if the request asks for it', async () => {
    await person.ask(authorization({ ui_locales: 'zh-TW', redirect_uri: 'https://elsewhere.test/' }));
    const { title } = chinese.errors.unknownRedirectUri;
    expect(await seen()).toEqual(inChinese(title, chinese.failed(title)));
  });
});

it('a browser set to another language gets English', async () => {
  await sitDown('fr-FR');
  await person.open('/sign-in');
  expect(await seen()).toEqual(ENGLISH_SIGN_IN);
});
