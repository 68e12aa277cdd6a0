/** The sign-in form in a browser: error messages, double clicks and the back button. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuthorizeService } from '../../src/endpoints/authorize/authorize.service.js';
import { UsersService } from '../../src/users/users.service.js';
import { focusedNode } from '../support/accessibility.js';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { Person, SCRIPTING } from '../support/person.js';
import { aUser, Authorization, webClient, type TestUser } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';

const FAILURES_PER_MINUTE = 3;

let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;
let client: TestClient;
let user: TestUser;
let page: BrowserPage;
let person: Person;

beforeAll(async () => {
  const environment = { REKEY_FAILED_SIGN_INS_PER_MINUTE: String(FAILURES_PER_MINUTE) };
  ({ app, chromium, site, close: closeStage } = await browserStage({ environment }));
  client = await webClient(app, { name: 'Shop', redirectUris: [site.redirectUri] });
});
afterAll(() => closeStage());
afterEach(() => {
  jest.restoreAllMocks();
});

const authorization = (overrides: Record<string, string | null> = {}): Authorization =>
  new Authorization(client, { redirect_uri: site.redirectUri, ...overrides });

const WRONG = 'That username and password do not match. Check both and try again.';

async function sitDown({ javaScriptEnabled }: { javaScriptEnabled: boolean }): Promise<void> {
  user = await aUser(app);
  page = await chromium.page({ javaScriptEnabled });
  person = new Person(page, app);
}

afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

describe.each(SCRIPTING)('$scripts', ({ javaScriptEnabled }) => {
  beforeEach(() => sitDown({ javaScriptEnabled }));

  it('a wrong password is reported in the title, in an alert, and at the focused field', async () => {
    await person.ask(authorization());
    await person.signIn({ ...user, password: 'not the password at all' });
    expect(await page.title()).toBe('Error: Sign in · Rekey');
    expect(await page.getByRole('alert').textContent()).toBe(WRONG);
    expect(await page.getByLabel('Username').inputValue()).toBe(user.username);
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    expect(await focusedNode(page)).toMatchObject({ role: 'textbox', name: 'Password', description: WRONG });
    expect(await page.content()).not.toContain('not the password at all');
    await person.signIn(user);
    expect(await person.heading()).toBe('Shop wants to use your account');
    expect(await page.title()).toBe('Allow Shop? · Rekey');
  });

  it('too many wrong passwords have their own message with the time to wait', async () => {
    await person.open('/sign-in');
    for (let failure = 0; failure < FAILURES_PER_MINUTE; failure++) {
      await person.signIn({ ...user, password: 'wrong' });
      expect(await page.getByRole('alert').textContent()).toBe(WRONG);
    }
    await person.signIn(user);
    expect(await page.title()).toBe('Error: Sign in · Rekey');
    const alert = (await page.getByRole('alert').textContent()) ?? '';
    expect(alert).toMatch(/^There were too many attempts\. Try again in \d+ (second|minute)s?\.$/);
    expect(await focusedNode(page)).toMatchObject({ name: 'Password', description: alert });
    expect(await person.isSignedIn()).toBe(false);
  });

  it('a double click submits a form twice, and the client gets one response with a valid code', async () => {
    const asked = authorization();
    await person.ask(asked);
    await person.fillIn(user);
    await clickTwice('Sign in', bothAtOnce(UsersService, 'authenticate'));
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    const before = site.answers.length;
    await clickTwice('Allow', bothAtOnce(AuthorizeService, 'advance'));
    await eventually(() => expect(page.url()).toContain(`${site.redirectUri}?`));
    expect(site.answers).toHaveLength(before + 1);
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    expect((await asked.exchange(app, client, code)).status).toBe(200);
  });

  it('going back after signing in shows no form with what was typed, and leads to the client again', async () => {
    await page.goto(`${site.origin}/start`);
    const asked = authorization();
    await person.authorize(asked, user);
    const first = site.answer.parameters.get('code');
    await page.goBack();
    await page.waitForURL(`${site.redirectUri}?**`);
    expect(site.answer.parameters.get('code')).not.toBe(first);
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    expect((await asked.exchange(app, client, code)).status).toBe(200);
  });
});

describe('the sign-in form', () => {
  beforeEach(() => sitDown({ javaScriptEnabled: true }));

  it('a user who only signs in reaches the account page, and is not asked again', async () => {
    await person.open('/account');
    expect(await page.getByText('to see your account').count()).toBe(1);
    await person.signIn(user);
    expect(await person.heading()).toBe('Your account');
    await person.open('/sign-in');
    expect(await person.heading()).toBe('Your account');
  });

  it('a login_hint fills in the username, and the password has the focus', async () => {
    await person.ask(authorization({ login_hint: user.username }));
    expect(await page.getByLabel('Username').inputValue()).toBe(user.username);
    expect(await focusedNode(page)).toMatchObject({ name: 'Password' });
  });

  it('going back after signing out shows nothing of the account', async () => {
    await person.open('/account');
    await person.signIn(user);
    await person.press('Sign out');
    expect(await person.heading()).toBe('You are signed out');
    await page.goBack();
    expect(await person.heading()).toBe('Sign in');
    expect(await page.content()).not.toContain(user.username);
  });
});

/**
 * Clicks, and clicks again when the service has the first request but has not answered. The browser aborts the first navigation,
 * which would be an error for a caller that waits for a navigation: wait for the final page instead.
 */
async function clickTwice(name: string, isReceived: Promise<void>): Promise<void> {
  await page.drawn();
  const { x, y, width, height } = (await page.getByRole('button', { name, exact: true }).boundingBox())!;
  const click = () => page.mouse.click(x + width / 2, y + height / 2);
  await click();
  await isReceived;
  await click();
}

type Calls = Record<string, (...given: unknown[]) => Promise<unknown>>;

/** Delays a call of this service until there is another one. @returns when the first has arrived */
function bothAtOnce<T extends object>(part: new (...given: never[]) => T, method: string & keyof T): Promise<void> {
  const service = app.nest.get<T>(part, { strict: false }) as unknown as Calls;
  const original = service[method]!.bind(service);
  const [first, second] = [signal(), signal()];
  let calls = 0;
  jest.spyOn(service, method).mockImplementation(async (...given) => {
    (++calls === 1 ? first : second).give();
    await second.given;
    return original(...given);
  });
  return first.given;
}

function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}
