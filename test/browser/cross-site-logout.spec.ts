/**
 * Logout from a client's site in a real browser, because only a browser applies SameSite cookies and `form-action`.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { TestClient } from '../support/clients.js';
import { Chromium, type BrowserPage } from '../support/chromium.js';
import { aUser, Authorization, webClient, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';

let app: TestApp;
let chromium: Chromium;
let site: Server;
/** Another site than the service's, which is at 127.0.0.1. */
let origin: string;
let client: TestClient;
let user: TestUser;
let page: BrowserPage;
let idToken: string;

/** The client's pages, which post their query to the service, at once or on a click. */
const pageOf = (url: URL): string => {
  const fields = [...url.searchParams].map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${encodeURI(value)}">`,
  );
  return `<!doctype html><title>${url.pathname}</title>
    <form method="post" action="${app.issuer}${url.pathname}">${fields.join('')}<button>Log out</button></form>`;
};

beforeAll(async () => {
  [app, chromium] = await Promise.all([startAppAtIssuer(), Chromium.launch()]);
  site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(pageOf(new URL(request.url ?? '/', origin)));
  });
  await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve));
  origin = `http://localhost:${(site.address() as AddressInfo).port}`;
  client = await webClient(app, {
    name: 'Shop',
    redirectUris: [`${origin}/back`],
    postLogoutRedirectUris: [`${origin}/signed-out`],
  });
  user = await aUser(app);
});
afterAll(async () => {
  await chromium.close();
  site.closeAllConnections();
  await Promise.all([app.close(), new Promise((resolve) => site.close(resolve))]);
});

/** Signed in, at the client. */
beforeEach(async () => {
  page = await chromium.page();
  const authorization = new Authorization(client, { redirect_uri: `${origin}/back`, scope: 'openid' });
  await page.goto(`${app.issuer}${authorization.path}`);
  await page.fill('[name=username]', user.username);
  await page.fill('[name=password]', user.password);
  await page.follow(page.locator('button[type=submit]'));
  if (!page.url().startsWith(origin)) await page.follow(page.locator('button[name=decision][value=allow]'));
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  const { body } = await authorization.exchange(app, client, code);
  idToken = body.id_token as string;
});

const heading = () => page.textContent('h1');

/** Sends the form of a client page. */
async function post(path: string, fields: Record<string, string>): Promise<void> {
  await page.goto(`${origin}${path}?${new URLSearchParams(fields).toString()}`);
  await page.follow(page.locator('button'));
}

async function isSignedIn(): Promise<boolean> {
  await page.goto(`${app.issuer}/account`);
  return new URL(page.url()).pathname === '/account';
}

it('a form with the ID token signs the user out, and redirects to the client', async () => {
  await post('/end-session', {
    id_token_hint: idToken,
    post_logout_redirect_uri: `${origin}/signed-out`,
    state: 'x',
  });
  expect(page.url()).toBe(`${origin}/signed-out?state=x`);
  expect(await isSignedIn()).toBe(false);
  expect(page.complaints).toEqual([]);
});

it('a form without the ID token asks the user, whose answer redirects to the client', async () => {
  await post('/end-session', { client_id: client.clientId, post_logout_redirect_uri: `${origin}/signed-out` });
  expect(await heading()).toBe('Sign out?');
  await page.follow(page.locator('button[type=submit]'));
  expect(page.url()).toBe(`${origin}/signed-out`);
  expect(await isSignedIn()).toBe(false);
  expect(page.complaints).toEqual([]);
});

it.each(['/end-session/confirm', '/account/sign-out', '/account/sessions/end-all'])(
  'a form to %s does not sign the user out',
  async (path) => {
    await post(path, { form_token: 'x', client_id: client.clientId });
    expect(await isSignedIn()).toBe(true);
  },
);
