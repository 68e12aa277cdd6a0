/** Authorization requests in a real browser: the pages, and the response to the client. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { Person, SCRIPTING } from '../support/person.js';
import { aUser, Authorization, browserClient, webClient, type TestUser } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;
/** Another origin of the client. */
let otherSite: ClientSite;
let client: TestClient;
let user: TestUser;
let page: BrowserPage;
let person: Person;

beforeAll(async () => {
  ({ app, chromium, site, close: closeStage } = await browserStage());
  otherSite = await ClientSite.start();
  site.redirect('/moved', otherSite.redirectUri);
  client = await webClient(app, { name: 'Shop', redirectUris: [site.redirectUri, `${site.origin}/moved`] });
});
afterAll(async () => {
  await closeStage();
  await otherSite.close();
});

const authorization = (overrides: Record<string, string | null> = {}, of = client): Authorization =>
  new Authorization(of, { redirect_uri: site.redirectUri, ...overrides });

const here = (): string => page.url().split('?', 1)[0]!;

/** The response that the client received. */
const answer = (): Record<string, string> => Object.fromEntries(site.answer.parameters);

async function tokensFor(asked: Authorization): Promise<{ scope: string; id_token: string }> {
  const { status, body } = await asked.exchange(app, client, answer().code ?? '');
  expect(status).toBe(200);
  return body;
}

const claimsOf = ({ id_token: idToken }: { id_token: string }): Record<string, unknown> =>
  JSON.parse(Buffer.from(idToken.split('.')[1]!, 'base64url').toString());

beforeEach(async () => {
  site.answers.length = 0;
  user = await aUser(app);
});
afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

async function sitDown({ javaScriptEnabled }: { javaScriptEnabled: boolean }): Promise<void> {
  page = await chromium.page({ javaScriptEnabled });
  person = new Person(page, app);
}

describe.each(SCRIPTING)('$scripts', ({ javaScriptEnabled }) => {
  beforeEach(() => sitDown({ javaScriptEnabled }));

  it('a user who refuses is sent back, and the client gets only that error', async () => {
    await person.ask(authorization());
    await person.signIn(user);
    await person.press('Deny');
    expect(here()).toBe(site.redirectUri);
    expect(answer()).toEqual({
      error: 'access_denied',
      error_description: expect.any(String),
      state: 'the-state',
      iss: app.issuer,
    });
  });

  it('prompt=none is answered at once: with a code if the user is signed in and has consented, else with the reason', async () => {
    await person.ask(authorization({ prompt: 'none' }));
    expect(here()).toBe(site.redirectUri);
    expect(answer()).toMatchObject({ error: 'login_required', state: 'the-state', iss: app.issuer });
    await person.open('/account');
    await person.signIn(user);
    await person.ask(authorization({ prompt: 'none' }));
    expect(answer().error).toBe('consent_required');
    await person.authorize(authorization(), user);
    const asked = authorization({ prompt: 'none', state: 'silent' });
    await person.ask(asked);
    expect(here()).toBe(site.redirectUri);
    expect(answer()).toEqual({ code: expect.any(String), state: 'silent', iss: app.issuer });
    expect(claimsOf(await tokensFor(asked)).sub).toBe(user.subject);
  });

  it('max_age asks for the password again if the last sign-in is too old, and not before', async () => {
    await person.authorize(authorization(), user);
    app.clock.advanceSeconds(60);
    await person.ask(authorization({ max_age: '60' }));
    expect(here()).toBe(site.redirectUri);
    app.clock.advanceSeconds(1);
    const asked = authorization({ max_age: '60' });
    await person.ask(asked);
    expect(await person.heading()).toBe('Sign in');
    await person.signIn(user);
    expect(here()).toBe(site.redirectUri);
    expect(claimsOf(await tokensFor(asked)).auth_time).toBe(Math.floor(app.clock.now() / 1000));
  });

  it('another user can sign in from the consent page, and is asked the same', async () => {
    const other = await aUser(app);
    const asked = authorization();
    await person.ask(asked);
    await person.signIn(user);
    await person.follow('Use another account');
    expect(await person.heading()).toBe('Sign in');
    expect(await page.getByLabel('Username').inputValue()).toBe('');
    await person.signIn(other);
    expect(await page.getByRole('main').textContent()).toContain(`Signed in as ${other.username}`);
    await person.press('Allow');
    expect(claimsOf(await tokensFor(asked)).sub).toBe(other.subject);
  });
});

describe('the consent page', () => {
  beforeEach(() => sitDown({ javaScriptEnabled: true }));

  it('the consent page shows which client asks, for what, for which user, and where the response goes', async () => {
    await person.ask(authorization({ scope: 'openid email offline_access read' }));
    await person.signIn(user);
    expect(await person.heading()).toBe('Shop wants to use your account');
    const text = (await page.getByRole('main').textContent()) ?? '';
    expect(text).toContain(`Signed in as ${user.username}`);
    expect(text).toContain(`Either answer takes you to ${new URL(site.origin).host}.`);
    expect(await page.getByRole('listitem').locator('p:first-child').allTextContents()).toEqual([
      'Know who you are',
      'See your email address',
      'Stay signed in when you are not using it',
      'Use read',
    ]);
  });

  it('the consent page is shown once for a scope, and again for what is new, which comes first', async () => {
    await person.authorize(authorization({ scope: 'openid read' }), user);
    await person.ask(authorization({ scope: 'openid read' }));
    expect(here()).toBe(site.redirectUri);
    await person.ask(authorization({ scope: 'openid read write' }));
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
      'It asks to',
      'You have allowed this before',
    ]);
    expect(await page.getByRole('listitem').first().textContent()).toBe('Use write');
  });

  it('the consent page is shown each time, with a warning, for a client that any program can impersonate', async () => {
    const native = await browserClient(app, { name: 'Desktop', redirectUris: [site.redirectUri] });
    await person.authorize(authorization({}, native), user);
    expect(here()).toBe(site.redirectUri);
    await person.ask(authorization({}, native));
    expect(await page.getByText('Did you start this yourself?').count()).toBe(1);
  });

  it('the consent page is shown again if the client sends prompt=consent', async () => {
    await person.authorize(authorization(), user);
    await person.ask(authorization({ prompt: 'consent' }));
    expect(await person.heading()).toBe('Shop wants to use your account');
    await person.press('Allow');
    expect(here()).toBe(site.redirectUri);
  });
});

describe('the answer', () => {
  it.each(['login', 'select_account'])('the response waits for the password, once, with prompt=%s', async (prompt) => {
    await sitDown({ javaScriptEnabled: true });
    await person.authorize(authorization(), user);
    app.clock.advanceSeconds(30);
    const asked = authorization({ prompt });
    await person.ask(asked);
    expect(await person.heading()).toBe('Sign in');
    await person.signIn(user);
    expect(here()).toBe(site.redirectUri);
    expect(claimsOf(await tokensFor(asked)).auth_time).toBe(Math.floor(app.clock.now() / 1000));
  });

  it('the response reaches a client that redirects to another of its origins', async () => {
    await sitDown({ javaScriptEnabled: true });
    await person.ask(authorization({ redirect_uri: `${site.origin}/moved` }));
    await person.signIn(user);
    await person.press('Allow');
    expect(here()).toBe(otherSite.redirectUri);
    expect(otherSite.answer.parameters.get('code')).toEqual(expect.any(String));
    // With earlier consent, so that the sign-in form redirects to the client.
    await person.ask(authorization({ redirect_uri: `${site.origin}/moved`, prompt: 'login' }));
    await person.signIn(user);
    expect(here()).toBe(otherSite.redirectUri);
  });

  it('response_mode=form_post submits itself to the client, with a code and with an error', async () => {
    await sitDown({ javaScriptEnabled: true });
    const asked = authorization({ response_mode: 'form_post' });
    await person.ask(asked);
    await person.signIn(user);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(site.redirectUri);
    expect(site.answer.method).toBe('POST');
    expect(answer()).toEqual({ code: expect.any(String), state: 'the-state', iss: app.issuer });
    await tokensFor(asked);
    const unanswerable = authorization({ response_mode: 'form_post', prompt: 'none', scope: 'openid write' });
    await page.goto(`${app.issuer}${unanswerable.path}`, { waitUntil: 'commit' });
    await page.waitForURL(site.redirectUri);
    expect(answer()).toMatchObject({ error: 'consent_required', state: 'the-state', iss: app.issuer });
  });

  it('response_mode=form_post is submitted by a button without JavaScript', async () => {
    await sitDown({ javaScriptEnabled: false });
    const asked = authorization({ response_mode: 'form_post' });
    await person.authorize(asked, user);
    expect(await person.heading()).toBe('One moment');
    expect(site.answers).toEqual([]);
    await person.press('Continue');
    expect(here()).toBe(site.redirectUri);
    expect(site.answer.method).toBe('POST');
    await tokensFor(asked);
  });
});
