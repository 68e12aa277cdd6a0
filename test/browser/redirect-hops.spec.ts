/**
 * Clients whose redirect URI sends the browser on, to an app or another server: Chromium applies the `form-action` of our pages
 * to the whole chain of redirects that follows a form.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { browserStage } from '../support/browser-stage.js';
import type { Chromium } from '../support/chromium.js';
import type { ClientSite } from '../support/client-site.js';
import { Person } from '../support/person.js';
import { aUser, Authorization, webClient } from '../support/sign-in.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let closeStage: () => Promise<void>;

beforeAll(async () => {
  ({ app, chromium, site, close: closeStage } = await browserStage());
});
afterAll(() => closeStage());

describe.each([
  { target: 'an app by a private-use scheme', location: 'myeditor://done' },
  { target: 'an https server', location: 'https://localhost:1/done' },
  { target: 'a loopback server', location: 'http://127.0.0.1:1/done' },
])('a redirect URI that leads on to $target', ({ target, location }) => {
  it.each([
    { name: 'from the consent page', firstParty: false, button: 'Allow' },
    { name: 'from the sign-in page of a first-party client', firstParty: true, button: 'Sign in' },
  ])('is followed $name', async ({ firstParty, button }) => {
    const hop = `${site.origin}/hop`;
    site.redirect('/hop', location);
    const client = await webClient(app, { name: 'Editor', firstParty, redirectUris: [hop] });
    // A context of its own, because a page on its way to nowhere cannot be used again.
    const page = await chromium.page({ javaScriptEnabled: false, userAgent: `${target}, ${firstParty}` });
    const person = new Person(page, app);
    const user = await aUser(app);
    await person.ask(new Authorization(client, { redirect_uri: hop }));
    if (firstParty) await person.fillIn(user);
    else await person.signIn(user);
    // Nothing answers at the end, so the navigation fails in any case. A refusal by the policy is a complaint before that.
    const end = page.waitForEvent('requestfailed', { predicate: (request) => /\/hop|done/.test(request.url()) });
    await page.getByRole('button', { name: button, exact: true }).click({ noWaitAfter: true });
    await end;
    expect(page.complaints).toEqual([]);
    await page.context().close();
  });
});
