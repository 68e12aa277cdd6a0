/** The web console in a real browser. A page that has a script error, or breaks its policy, fails the test that visits it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AdminRole } from '../../src/oauth/scope.js';
import { browserStage, type BrowserStage } from '../support/browser-stage.js';
import type { BrowserPage } from '../support/chromium.js';
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
