/** Logout by a client's link (RP-Initiated Logout) in a browser. `cross-site-logout.spec.ts` has logout by a form. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { browserStage } from '../support/browser-stage.js';
import type { BrowserPage, Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { Person, SCRIPTING } from '../support/person.js';
import { introspect } from '../support/requests.js';
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
let tokens: { readonly id_token: string; readonly access_token: string };
/** The client's post-logout redirect URI. */
let signedOutUri: string;

beforeAll(async () => {
  ({ app, chromium, site, close: closeStage } = await browserStage());
  signedOutUri = `${site.origin}/signed-out`;
  client = await webClient(app, {
    name: 'Shop',
    redirectUris: [site.redirectUri],
    postLogoutRedirectUris: [signedOutUri],
    mayIntrospect: true,
  });
});
afterAll(() => closeStage());

async function sitDown({ javaScriptEnabled }: { javaScriptEnabled: boolean }): Promise<void> {
  user = await aUser(app);
  page = await chromium.page({ javaScriptEnabled });
  person = new Person(page, app);
  const asked = new Authorization(client, { redirect_uri: site.redirectUri, scope: 'openid read' });
  await person.authorize(asked, user);
  tokens = (await asked.exchange(app, client, site.answer.parameters.get('code') ?? '')).body;
}

afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

const endSession = (parameters: Record<string, string>): Promise<void> =>
  person.open(`/end-session?${new URLSearchParams(parameters).toString()}`);

const isActive = async (): Promise<boolean> => (await introspect(app, client, tokens.access_token)).body.active;

describe.each(SCRIPTING)('$scripts', ({ javaScriptEnabled }) => {
  beforeEach(() => sitDown({ javaScriptEnabled }));

  it('with the ID token of the session the user is signed out at once and redirected to the client with its state', async () => {
    await endSession({ id_token_hint: tokens.id_token, post_logout_redirect_uri: signedOutUri, state: 'a b&c' });
    expect(page.url()).toBe(`${signedOutUri}?state=a+b%26c`);
    expect([await person.isSignedIn(), await isActive()]).toEqual([false, false]);
  });

  it('with the ID token alone the user sees that they are signed out', async () => {
    await endSession({ id_token_hint: tokens.id_token });
    expect(await person.heading()).toBe('You are signed out');
    expect(await page.title()).toBe('You are signed out · Rekey');
    await person.follow('Sign in again');
    expect(await person.heading()).toBe('Sign in');
  });

  it('without the ID token the user is asked, and the answer redirects to the client', async () => {
    await endSession({ client_id: client.clientId, post_logout_redirect_uri: signedOutUri, state: 'x' });
    expect(await person.heading()).toBe('Sign out?');
    expect(await page.getByText('Shop asks to sign you out.').count()).toBe(1);
    expect(await page.getByText(`Signed in as ${user.username}`).count()).toBe(1);
    expect(await isActive()).toBe(true);
    await person.press('Sign out');
    expect(page.url()).toBe(`${signedOutUri}?state=x`);
    expect(await person.isSignedIn()).toBe(false);
  });
});

describe('a logout request', () => {
  beforeEach(() => sitDown({ javaScriptEnabled: true }));

  it('the user may answer the logout request by staying signed in', async () => {
    await endSession({ client_id: client.clientId, post_logout_redirect_uri: signedOutUri });
    await person.follow('Stay signed in');
    expect(await person.heading()).toBe('Your account');
    expect(await isActive()).toBe(true);
  });

  it('an unregistered redirect URI is not used, whatever else is right', async () => {
    await endSession({ id_token_hint: tokens.id_token, post_logout_redirect_uri: `${site.origin}/elsewhere` });
    expect(await person.heading()).toBe('You are signed out');
    expect(person.isAt('/end-session')).toBe(true);
  });

  it('the question about a session that has ended meanwhile is answered all the same', async () => {
    await endSession({ client_id: client.clientId, post_logout_redirect_uri: signedOutUri });
    await page.context().clearCookies({ name: 'rekey-session' });
    await person.press('Sign out');
    expect(page.url()).toBe(signedOutUri);
  });

  it('a question that this browser was not shown ends at a page', async () => {
    await endSession({ client_id: client.clientId, post_logout_redirect_uri: signedOutUri });
    await page.context().clearCookies();
    await person.press('Sign out');
    expect(await person.heading()).toBe('You are signed out');
  });
});
