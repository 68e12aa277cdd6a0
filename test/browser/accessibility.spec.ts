/**
 * Every page, checked by axe in a real browser: light and dark, wide and narrow, in both languages. Also checks what axe does not:
 * whether it fits on a small screen and with large text, and whether targets are large enough.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OAuthError } from '../../src/oauth/oauth-error.js';
import { english } from '../../src/pages/english.js';
import type { PageProblem, Texts } from '../../src/pages/texts.js';
import { traditionalChinese } from '../../src/pages/traditional-chinese.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { UsersService } from '../../src/users/users.service.js';
import { faults } from '../support/accessibility.js';
import { Chromium, type BrowserPage } from '../support/chromium.js';
import { ClientSite } from '../support/client-site.js';
import type { TestClient } from '../support/clients.js';
import { DemoSite } from '../support/demo-site.js';
import { eventually } from '../support/eventually.js';
import { MailServer, type ReceivedMail } from '../support/mail-server.js';
import { Person } from '../support/person.js';
import { aUser, Authorization, browserClient, webClient, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { Upstream } from '../support/upstream.js';

const FAILURES_PER_MINUTE = 2;
/** A name too long for any box. */
const LONG_NAME = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenverwaltung';
const EVERYTHING = 'openid profile email address phone offline_access read';
const DETAILS = JSON.stringify({ userinfo: { birthdate: null, zoneinfo: null, 'urn:example:badge': null } });

let mailServer: MailServer;
let upstream: Upstream;
let app: TestApp;
let chromium: Chromium;
let site: ClientSite;
let shop: TestClient;
/** Public, and on the user's own device. */
let desktop: TestClient;

beforeAll(async () => {
  [upstream, mailServer] = await Promise.all([Upstream.start(), MailServer.start()]);
  app = await startAppAtIssuer({
    clock: new TestClock(Date.now()),
    environment: {
      ...upstream.environment,
      ...mailServer.environment,
      REKEY_SUPPORT_URL: 'https://help.example/',
      REKEY_UPSTREAM_NAME: 'Acme',
      REKEY_FAILED_SIGN_INS_PER_MINUTE: String(FAILURES_PER_MINUTE),
    },
  });
  [chromium, site] = await Promise.all([Chromium.launch(), ClientSite.start()]);
  const redirectUris = [site.redirectUri, site.silentUri];
  shop = await webClient(app, { name: 'Shop', redirectUris });
  desktop = await browserClient(app, { name: LONG_NAME, redirectUris });
});
afterAll(async () => {
  await chromium.close();
  await site.close();
  await app.close();
  await upstream.close();
  await mailServer.down();
});
afterEach(() => {
  jest.restoreAllMocks();
});

interface Visit {
  readonly page: BrowserPage;
  readonly person: Person;
  readonly texts: Texts;
}

/** The steps to reach a page. */
type Way = (visit: Visit) => Promise<void>;

const users = (): UsersService => app.nest.get(UsersService, { strict: false });

const authorization = (overrides: Record<string, string> = {}, client = shop): Authorization =>
  new Authorization(client, { redirect_uri: site.redirectUri, ...overrides });

const open =
  (path: string): Way =>
  ({ person }) =>
    person.open(path);

const newUser = (): Promise<TestUser> =>
  aUser(app, { name: 'Alice Liddell', email: 'alice.pleasance.liddell@christchurch.example.org' });

/** A new user, on the account page. */
async function signIn({ person }: Visit): Promise<TestUser> {
  const user = await newUser();
  await person.open('/account');
  await person.signIn(user);
  return user;
}

const failToSignIn =
  (times: number): Way =>
  async ({ person }) => {
    const { username } = await newUser();
    await person.ask(authorization());
    for (let failure = 0; failure < times; failure++) await person.signIn({ username, password: 'wrong' });
  };

const askForConsent =
  (parameters: Record<string, string>, client = () => shop): Way =>
  async (visit) => {
    await signIn(visit);
    await visit.person.ask(authorization(parameters, client()));
  };

async function grant({ person }: Visit, user: TestUser, asked: Authorization, client: TestClient): Promise<void> {
  await person.authorize(asked, user);
  await asked.exchange(app, client, site.answer.parameters.get('code') ?? '');
}

const fillAccount: Way = async (visit) => {
  const user = await signIn(visit);
  await grant(visit, user, authorization({ scope: EVERYTHING, claims: DETAILS }), shop);
  await grant(visit, user, authorization({ scope: 'openid read' }, desktop), desktop);
  const other = await chromium.page();
  const elsewhere = new Person(other, app);
  await elsewhere.open('/account');
  await elsewhere.signIn(user);
  await other.close();
  await visit.person.open('/account?done=access_ended');
};

async function forgetPassword({ person, page, texts }: Visit): Promise<ReceivedMail> {
  const email = `alice.${Math.random()}@example.org`;
  await aUser(app, { email });
  await person.open('/sign-in/forgotten');
  await page.getByLabel(texts.forgotten.who).fill(email);
  await person.press(texts.forgotten.submit);
  await eventually(() => expect(mailServer.to(email)).toHaveLength(1));
  return mailServer.to(email)[0]!;
}

/** A sign-in during which the service throws this error. */
const signInWhile =
  (thrown: Error): Way =>
  async ({ person }) => {
    jest.spyOn(users(), 'authenticate').mockRejectedValue(thrown);
    await person.open('/sign-in');
    await person.signIn({ username: 'alice', password: 'secret' });
  };

const pages: Record<string, Way> = {
  'sign-in, for a client, with an upstream provider': ({ person }) => person.ask(authorization()),
  'sign-in, for a client, by password only': ({ person }) => person.ask(authorization({ state: 'x'.repeat(4000) })),
  'sign-in, for the account': open('/sign-in'),
  'sign-in, after a wrong password': failToSignIn(1),
  'sign-in, after too many wrong passwords': failToSignIn(FAILURES_PER_MINUTE + 1),
  'sign-in, for a different account from the signed-in one': async (visit) => {
    await signIn(visit);
    await visit.person.ask(
      authorization({ claims: JSON.stringify({ id_token: { sub: { value: 'somebody-else' } } }) }),
    );
    await visit.page.getByText(visit.texts.signIn.other_user).waitFor();
  },
  'consent, to everything': askForConsent({ scope: EVERYTHING, claims: DETAILS }),
  'consent, to something new': async (visit) => {
    const user = await signIn(visit);
    await grant(visit, user, authorization({ scope: 'openid email' }), shop);
    await visit.person.ask(authorization({ scope: 'openid email phone write' }));
  },
  'consent, for a client that any program can impersonate': askForConsent({}, () => desktop),
  'account, with everything': fillAccount,
  'account, new': async (visit) => void (await signIn(visit)),
  'new password': async (visit) => {
    await signIn(visit);
    await visit.person.open('/account/password');
  },
  'new password, refused': async (visit) => {
    const user = await signIn(visit);
    await visit.person.open('/account/password');
    await visit.page.getByLabel(visit.texts.newPassword.current).fill(user.password);
    for (const field of ['new_password', 'new_password_again']) await visit.page.fill(`[name=${field}]`, 'short');
    await visit.person.press(visit.texts.newPassword.change);
    await visit.page.getByRole('alert').waitFor();
  },
  'forgotten password': open('/sign-in/forgotten'),
  'forgotten password, the mail is sent': open('/sign-in/forgotten/sent'),
  'forgotten password, the mail itself': async (visit) => {
    const { html } = await forgetPassword(visit);
    await visit.page.goto('about:blank');
    await visit.page.setContent(html);
  },
  'forgotten password, the link': async (visit) => {
    const { text } = await forgetPassword(visit);
    await visit.page.goto(/http\S+/.exec(text)![0]);
    await visit.page.getByRole('heading', { name: visit.texts.forgotten.choose }).waitFor();
  },
  'forgotten password, a link that has expired': open('/sign-in/new-password?link=x'),
  'sign-out': async (visit) => {
    await signIn(visit);
    await visit.person.open(`/end-session?client_id=${desktop.clientId}`);
  },
  'signed out': open('/end-session'),
  'home, signed out': open('/'),
  'home, signed in': async (visit) => {
    await signIn(visit);
    await visit.person.open('/');
  },
  'the response by form_post': async (visit) => {
    await signIn(visit);
    const asked = authorization({ response_mode: 'form_post', redirect_uri: site.silentUri });
    await visit.person.ask(asked);
    await visit.page.getByRole('button', { name: visit.texts.consent.allow }).click();
    await visit.page.getByRole('heading', { name: visit.texts.formPost.title }).waitFor();
  },
};

const errors: Record<PageProblem, Way> = {
  badRequest: open('/authorize?client_id=a&client_id=b'),
  unknownClient: open('/authorize?client_id=nobody'),
  unknownRedirectUri: ({ person }) => person.ask(authorization({ redirect_uri: 'https://elsewhere.test/' })),
  formExpired: async ({ page, person }) => {
    await person.open('/sign-in');
    await page.context().clearCookies();
    await person.signIn({ username: 'alice', password: 'secret' });
  },
  upstreamFailed: open('/sign-in/upstream/callback?state=x'),
  refused: async ({ person }) => {
    jest.spyOn(users(), 'findOrCreateLinked').mockResolvedValue(undefined);
    await person.open('/sign-in/upstream');
  },
  tooManyAttempts: signInWhile(new OAuthError('too_many_requests')),
  notFound: open('/account/nothing'),
  methodNotAllowed: open('/consent'),
  tooLarge: async ({ person }) => {
    await person.open('/sign-in');
    await person.signIn({ username: 'a'.repeat(20_000), password: 'secret' });
  },
  unavailable: signInWhile(ofDatabase(new Error('Connection terminated'))),
  unexpected: signInWhile(new TypeError('Nobody expected this')),
};

describe.each([
  { texts: english, locale: 'en-US' },
  { texts: traditionalChinese, locale: 'zh-TW' },
])('$locale', ({ texts, locale }) => {
  let page: BrowserPage;

  beforeEach(async () => {
    page = await chromium.page({ locale });
  });
  afterEach(async () => {
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  const go = (way: Way): Promise<void> => way({ page, person: new Person(page, app, texts), texts });

  it.each(Object.entries(pages))('%s', async (_, way) => {
    await go(way);
    expect(await faults(page)).toEqual([]);
  });

  it.each(Object.entries(errors))('the error page %s is accessible', async (problem, way) => {
    await go(way);
    const { title, text } = texts.errors[problem as PageProblem];
    expect(await page.title()).toBe(`${texts.failed(title)} · Rekey`);
    expect(await page.getByRole('main').textContent()).toContain(text);
    expect(await faults(page)).toEqual([]);
  });
});

it('the demo client is accessible', async () => {
  const demo = await DemoSite.start(app);
  const page = await chromium.page();
  const person = new Person(page, app);
  await page.goto(demo.url);
  expect(await faults(page)).toEqual([]);
  await person.follow('Sign in');
  await person.signIn(await newUser());
  await person.press('Allow');
  expect(await person.heading()).toBe('Signed in as Alice Liddell');
  expect(await faults(page)).toEqual([]);
  await person.press('Ask userinfo');
  expect(await faults(page)).toEqual([]);
  expect(page.complaints).toEqual([]);
  await page.close();
  await demo.close();
});
