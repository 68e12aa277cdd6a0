/** The web console in a real browser. A page that has a script error, or breaks its policy, fails the test that visits it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AdminRole } from '../../src/oauth/scope.js';
import { browserStage, type BrowserStage } from '../support/browser-stage.js';
import type { BrowserPage } from '../support/chromium.js';
import { faults } from '../support/accessibility.js';
import { confidentialClient, startFamily, type TestClient, type TestFamily } from '../support/clients.js';
import { refresh } from '../support/requests.js';
import { eventually } from '../support/eventually.js';
import { Person } from '../support/person.js';
import { aUser, type TestUser } from '../support/sign-in.js';
import { BY_TEST, usersOf } from '../support/users.js';

/** HTML, an override of direction, and no end. */
const EVIL_NAME = '<img src=x onerror=alert(1)>\u202Egnitset';

let stage: BrowserStage;
let page: BrowserPage;

beforeAll(async () => {
  stage = await browserStage();
});
afterAll(() => stage.close());
beforeEach(async () => {
  page = await stage.chromium.page();
});
afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

async function anAdmin(...roles: AdminRole[]): Promise<TestUser> {
  const user = await aUser(stage.app);
  await usersOf(stage.app).setAdminRoles(user.subject, roles, BY_TEST);
  return user;
}

async function expectHeading(name: string, timeout = 15_000): Promise<void> {
  const heading = page.getByRole('heading', { level: 1, name });
  await heading.waitFor({ timeout });
  expect(await heading.count()).toBe(1);
}

/** Opens a page of the console, signed out, and signs in. */
async function enter(path: string, user: TestUser): Promise<void> {
  await page.goto(`${stage.app.issuer}/console${path}`);
  const username = page.getByLabel('Username');
  await username.waitFor();
  await new Person(page, stage.app).signIn(user);
}

describe('sign-in', () => {
  it('a deep link leads through the sign-in to its page, and no token is where a script could read it', async () => {
    const admin = await anAdmin('rekey:read');
    const other = await aUser(stage.app, { name: EVIL_NAME });
    await enter(`/users/${other.subject}`, admin);
    await expectHeading(other.username);
    await page.getByText(EVIL_NAME).waitFor();
    const readable = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href]),
    );
    expect(readable).not.toMatch(/rekey-console|at_|rt_|code=/);
    const cookies = await page.context().cookies();
    const ours = cookies.find(({ name }) => name === 'rekey-console');
    expect(ours).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  });

  it('a user without a role is told so', async () => {
    await enter('/', await anAdmin());
    await expectHeading('You have no admin role');
  });

  it('an admin whose role is taken away while the console is open is refused within two seconds', async () => {
    const admin = await anAdmin('rekey:read');
    await enter('/users', admin);
    await expectHeading('Users');
    await usersOf(stage.app).setAdminRoles(admin.subject, [], BY_TEST);
    await page.getByLabel('Search users').fill('x');
    await expectHeading('You have no admin role', 2000);
  });
});

describe('users', () => {
  it('a user is found by the beginning of their e-mail address', async () => {
    const email = `zz-${Date.now()}@example.com`;
    const wanted = await aUser(stage.app, { email });
    await enter('/users', await anAdmin('rekey:read'));
    await page.getByLabel('Search users').fill(email.slice(0, 12));
    await page.getByRole('link', { name: wanted.username }).click();
    await expectHeading(wanted.username);
    await page.getByText(email).waitFor();
  });
});

describe('the story of a stolen token', () => {
  let client: TestClient;
  let victim: TestUser;
  let reused: TestFamily;
  let live: TestFamily;

  beforeAll(async () => {
    client = await confidentialClient(stage.app, { name: EVIL_NAME });
    victim = await aUser(stage.app, { name: EVIL_NAME });
    reused = await startFamily(stage.app, client, { subject: victim.subject });
    live = await startFamily(stage.app, client, { subject: victim.subject });
    const { body } = await refresh(stage.app, client, reused.refreshToken);
    await refresh(stage.app, client, body.refresh_token as string);
    stage.app.clock.advanceSeconds(120);
    await refresh(stage.app, client, reused.refreshToken);
  });

  it('an admin finds the user, reads in the family’s timeline that its token was reused, and revokes another family after a preview', async () => {
    await enter('/users', await anAdmin('rekey:read', 'rekey:audit', 'rekey:revoke'));
    await page.getByLabel('Search users').fill(victim.username);
    await page.getByRole('link', { name: victim.username }).click();
    await expectHeading(victim.username);
    await page.locator(`a[href$="${reused.familyId}"]`).first().click();
    await expectHeading('Token family');
    await page.getByText('Refresh token reused').first().waitFor();
    await page.getByRole('heading', { name: 'The family forked' }).waitFor();
    await page.goBack();
    await expectHeading(victim.username);
    await page.locator(`a[href$="${live.familyId}"]`).first().click();
    await expectHeading('Token family');
    await page.getByRole('button', { name: 'Revoke family' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It would end these live families').waitFor();
    const submit = dialog.getByRole('button', { name: 'Revoke', exact: true });
    expect(await submit.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('laptop stolen');
    await submit.click();
    await dialog.getByText('Revoked: 1 families of 1 users.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByText('laptop stolen').first().waitFor();
    const { body } = await refresh(stage.app, client, live.refreshToken);
    expect(body.error).toBe('invalid_grant');
  });

  it('a login session is ended where it is seen', async () => {
    const reader = await anAdmin('rekey:read', 'rekey:users');
    const other = await stage.chromium.page({ userAgent: 'Firefox of the victim' });
    await new Person(other, stage.app).open('/account');
    await new Person(other, stage.app).signIn(victim);
    await enter(`/users/${victim.subject}`, reader);
    await page.getByText('Firefox of the victim').waitFor();
    await page.getByRole('button', { name: 'End session' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await page.getByText('Not signed in anywhere.').waitFor();
    expect(await new Person(other, stage.app).isSignedIn()).toBe(false);
    await other.close();
  });

  it('axe finds nothing on any page, in light and dark, on a desktop and a phone', async () => {
    await enter('/', await anAdmin('rekey:admin'));
    const pages = [
      ['/', 'Overview'],
      ['/users', 'Users'],
      [`/users/${victim.subject}`, victim.username],
      [`/families/${reused.familyId}`, 'Token family'],
      ['/clients', 'Clients'],
      ['/clients/new', 'Register a client'],
      [`/clients/${client.clientId}`, EVIL_NAME],
      ['/explain', 'Explain'],
      ['/revocations', 'Revocations'],
      ['/audit', 'Audit log'],
      ['/keys', 'Signing keys'],
    ] as const;
    const found: Record<string, string[]> = {};
    for (const [path, name] of pages) {
      await page.goto(`${stage.app.issuer}/console${path}`);
      await expectHeading(name);
      await eventually(async () => expect(await page.locator('.waiting').count()).toBe(0));
      // Not whether everything fits at twice the size of letters: tables do not.
      const faulty = (await faults(page)).filter((fault) => /^(light|dark), /.test(fault));
      if (faulty.length > 0) found[path] = faulty;
    }
    expect(found).toEqual({});
  }, 90_000);

  it('the first load is at most 300 KiB', async () => {
    let bytes = 0;
    page.on('response', (response) => {
      bytes += Number(response.headers()['content-length'] ?? 0);
    });
    await page.goto(`${stage.app.issuer}/console/?problem=denied`);
    await expectHeading('You are not signed in');
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(300 * 1024);
  });
});
