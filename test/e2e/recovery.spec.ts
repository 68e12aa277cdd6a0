/** A forgotten password: a mail with a link, from a real SMTP server, and what the link is good for. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { english } from '../../src/pages/english.js';
import { traditionalChinese } from '../../src/pages/traditional-chinese.js';
import { MailDeliveryWorker } from '../../src/mail/mail-delivery.worker.js';
import type { AuditRow } from '../support/audit-trail.js';
import { dumpDatabase } from '../support/database-dump.js';
import { serverErrors } from '../support/expectations.js';
import { MailServer, type ReceivedMail } from '../support/mail-server.js';
import { introspect, postForm, refresh, send } from '../support/requests.js';
import { aUser, isSignIn, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { authenticate, usersOf } from '../support/users.js';
import { Visitor, type Visit } from '../support/visitor.js';

const NEXT = 'umbrella gravel tango seven';
const TWICE = { new_password: NEXT, new_password_again: NEXT };
const SUPPORT = 'https://help.example/';

let mailServer: MailServer;
let app: TestApp;
let count = 0;

beforeAll(async () => {
  mailServer = await MailServer.start();
  const many = { REKEY_FAILED_SIGN_INS_PER_MINUTE: '1000' };
  app = await startApp({ environment: { ...mailServer.environment, ...many, REKEY_SUPPORT_URL: SUPPORT } });
});
beforeEach(() => app.clock.advanceSeconds(3601));
afterEach(() => void jest.restoreAllMocks());
afterAll(async () => {
  expect(serverErrors(app)).toEqual([]);
  await app.close();
  await mailServer.down();
});

/** A user with an e-mail address of their own. */
async function someone(): Promise<TestUser & { email: string }> {
  const email = `Someone.${++count}@mail.example`;
  return { ...(await aUser(app, { email })), email };
}

async function ask(typed: string, headers: Record<string, string> = {}, visitor = new Visitor(app)): Promise<Visit> {
  const page = await visitor.get('/sign-in/forgotten');
  return visitor.post('/sign-in/forgotten', { ...page.forms[0]!.fields, username: typed }, headers);
}

const worker = (): MailDeliveryWorker => app.nest.get(MailDeliveryWorker, { strict: false });

const deliver = (): Promise<void> => worker().run();

const linkIn = (mail: ReceivedMail): URL => new URL(/http\S+/.exec(mail.text)![0]);

async function mailFor(typed: string, address: string): Promise<URL> {
  await ask(typed);
  await deliver();
  return linkIn(mailServer.to(address).at(-1)!);
}

/** Opens the link on a device of its own. */
const open = (link: URL, visitor = new Visitor(app)): Promise<Visit> => visitor.get(link.pathname + link.search);

async function choose(link: URL, fields: Record<string, string> = TWICE): Promise<Visit> {
  const visitor = new Visitor(app);
  return visitor.submit(await open(link, visitor), fields);
}

const canSignIn = async ({ username }: TestUser, password: string): Promise<boolean> =>
  (await authenticate(app, username, password)).verdict === 'ok';

const isExpired = ({ status, html }: Visit): boolean =>
  status === 410 && html.includes(english.forgotten.expired.title);

const auditOfSubject = (subject: string): Promise<AuditRow[]> =>
  app.database.query('SELECT * FROM audit_events WHERE subject = $1 ORDER BY id', [subject]);

describe('a forgotten password', () => {
  it('a user gets a link by mail, chooses a new password on another device, and is signed out everywhere', async () => {
    const user = await someone();
    const client = await webClient(app, { mayIntrospect: true });
    const visitor = new Visitor(app);
    const scope = 'openid offline_access read';
    const { body: tokens } = await signInAndExchange(app, client, user, { scope }, visitor);
    const signInPage = await new Visitor(app).get('/sign-in');
    expect(signInPage.html).toContain('href="/sign-in/forgotten"');
    const visit = await ask(user.email.toUpperCase());
    expect([visit.status, visit.url.pathname]).toEqual([200, '/sign-in/forgotten/sent']);
    expect(visit.html).toContain(english.forgotten.sent.title);
    await deliver();
    const [mail] = mailServer.to(user.email);
    expect(mail).toMatchObject({ from: 'rekey@id.example', to: [user.email] });
    expect(mail!.headers).toMatchObject({
      subject: english.mails.reset.subject('Rekey'),
      from: 'Rekey <rekey@id.example>',
      'auto-submitted': 'auto-generated',
    });
    const link = linkIn(mail!);
    expect([link.origin, link.pathname]).toEqual([app.issuer, '/sign-in/new-password']);
    for (const body of [mail!.text, mail!.html]) {
      expect(body).toContain(user.username);
      expect(body).toContain(link.href);
    }
    const changed = await choose(link);
    expect(changed.url.pathname + changed.url.search).toBe('/sign-in?done=password_changed');
    expect(changed.html).toContain(english.signIn.hasNewPassword);
    expect([await canSignIn(user, user.password), await canSignIn(user, NEXT)]).toEqual([false, true]);
    expect(isSignIn(await visitor.get('/account'))).toBe(true);
    expect((await introspect(app, client, tokens.access_token)).body.active).toBe(false);
    expect((await refresh(app, client, tokens.refresh_token)).body.error).toBe('invalid_grant');
    const events = (await auditOfSubject(user.subject)).map(({ event, reason }) => [event, reason]);
    expect(events).toEqual(
      expect.arrayContaining([
        ['user.password_reset_requested', null],
        ['mail.sent', null],
        ['user.password_changed', null],
        ['session.ended', 'password_reset'],
        ['revocation.created', 'password_reset'],
      ]),
    );
  });

  it('a user who remembers only the username gets the mail, in the language of the browser', async () => {
    const user = await someone();
    await ask(user.username, { 'accept-language': 'zh-TW' });
    await deliver();
    const [mail] = mailServer.to(user.email);
    expect(mail!.headers['subject']).toBe(traditionalChinese.mails.reset.subject('Rekey'));
    expect(mail!.text).toContain(traditionalChinese.mails.within);
    expect(mail!.html).toContain('lang="zh-Hant"');
  });

  it('users who share an address get a mail each', async () => {
    const email = `shared.${++count}@mail.example`;
    const users = [await aUser(app, { email }), await aUser(app, { email })];
    await ask(email);
    await deliver();
    const mails = mailServer.to(email);
    expect(mails).toHaveLength(2);
    for (const { username } of users) expect(mails.filter(({ text }) => text.includes(username))).toHaveLength(1);
  });

  it('without SMTP there is no link, and the pages do not exist; the operator’s help is shown', async () => {
    const bare = await startApp({ environment: { REKEY_SUPPORT_URL: SUPPORT } });
    const { html } = await new Visitor(bare).get('/sign-in');
    expect(html).not.toContain('forgotten');
    expect(html).toContain(`href="${SUPPORT}"`);
    for (const path of ['/sign-in/forgotten', '/sign-in/forgotten/sent', '/sign-in/new-password?link=x']) {
      expect((await send(`${bare.url}${path}`)).status).toBe(404);
    }
    await bare.close();
  });
});

describe('who has an account', () => {
  /** The statements of the database while somebody asks. */
  async function statementsOf(typed: string): Promise<string[]> {
    jest.spyOn(worker(), 'wake').mockImplementation(() => undefined);
    // What earlier requests left to deliver is over, with the look that follows a delivery.
    await deliver();
    await deliver();
    const create = app.database.createQueryRunner.bind(app.database);
    const statements: string[] = [];
    const spy = jest.spyOn(app.database, 'createQueryRunner').mockImplementation((mode) => {
      const runner = create(mode);
      const query = runner.query.bind(runner);
      runner.query = ((text: string, ...rest: unknown[]) => {
        statements.push(text);
        return query(text, ...(rest as []));
      }) as typeof runner.query;
      return runner;
    });
    await ask(typed);
    spy.mockRestore();
    // Background work has statements of its own: the look for due mails, the reload of keys, the figures of clients.
    return statements.filter((text) => /FROM "users"|INTO "mails"|INTO audit_events/.test(text));
  }

  it('the answer is the same to the byte and the work is the same, whether or not there is such an account', async () => {
    const [known, disabled, withoutPassword] = [await someone(), await someone(), await someone()];
    const withoutMail = await aUser(app);
    await setSubjectDisabled(app, disabled.subject, true);
    await app.database.query('UPDATE users SET password_hash = NULL WHERE subject = $1', [withoutPassword.subject]);
    const typed = [
      known.email,
      disabled.email,
      withoutPassword.email,
      withoutMail.username,
      'nobody@mail.example',
      'x',
      '',
    ];
    const visits = [];
    for (const each of typed) visits.push(await ask(each));
    const [first, ...others] = visits;
    for (const visit of others) {
      expect([visit.status, visit.html, visit.url.href]).toEqual([first!.status, first!.html, first!.url.href]);
    }
    const statements = [];
    for (const each of typed) statements.push(await statementsOf(each));
    expect(statements[0]).toHaveLength(3);
    for (const each of statements) expect(each).toEqual(statements[0]);
    await deliver();
    const mails = [disabled, withoutPassword].map(({ email }) => mailServer.to(email).length);
    expect([mailServer.to(known.email).length, ...mails]).toEqual([2, 0, 0]);
  });

  it('an address gets five mails an hour, and the answer does not show when that is over', async () => {
    const user = await someone();
    const answers = [];
    for (let index = 0; index < 8; index += 1) answers.push((await ask(user.email)).html);
    await deliver();
    expect(mailServer.to(user.email)).toHaveLength(5);
    expect(new Set(answers).size).toBe(1);
  });

  it('a source that asks all the time is told to wait', async () => {
    const few = { REKEY_FAILED_SIGN_INS_PER_MINUTE: '2' };
    const limited = await startApp({ environment: { ...mailServer.environment, ...few } });
    const visitor = new Visitor(limited);
    const page = await visitor.get('/sign-in/forgotten');
    const visits = [];
    for (let index = 0; index < 8; index += 1) visits.push(await visitor.submit(page, { username: `nobody ${index}` }));
    expect(visits.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(Number(visits.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    await limited.close();
  });
});

describe('a link', () => {
  it('a link works once', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const visitor = new Visitor(app);
    const page = await open(link, visitor);
    await choose(link);
    expect(isExpired(await open(link))).toBe(true);
    expect(
      isExpired(
        await visitor.submit(page, {
          new_password: 'another one entirely',
          new_password_again: 'another one entirely',
        }),
      ),
    ).toBe(true);
    expect(await canSignIn(user, NEXT)).toBe(true);
  });

  it('a link that is used twice at once changes the password once', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const passwords = ['umbrella gravel tango one', 'umbrella gravel tango two'];
    const visits = await Promise.all(
      passwords.map((password) => choose(link, { new_password: password, new_password_again: password })),
    );
    expect(visits.map(({ status }) => status).sort()).toEqual([200, 410]);
    const usable = await Promise.all(passwords.map((password) => canSignIn(user, password)));
    expect(usable).toEqual(visits.map(({ status }) => status === 200));
  });

  it('opening a link changes nothing, because mail programs do', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    for (let index = 0; index < 3; index += 1) expect((await open(link)).html).toContain(user.username);
    expect(await canSignIn(user, user.password)).toBe(true);
    expect((await choose(link)).status).toBe(200);
  });

  it('a link works for 30 minutes after the mail was sent', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    app.clock.advanceSeconds(30 * 60 - 1);
    const page = await open(link);
    expect(page.status).toBe(200);
    app.clock.advanceSeconds(2);
    expect(isExpired(await open(link))).toBe(true);
    expect(isExpired(await new Visitor(app).get(`${link.pathname}?link=`))).toBe(true);
  });

  it('a link is void after the password was changed in another way, by another link too', async () => {
    const user = await someone();
    const [first, second] = [await mailFor(user.email, user.email), await mailFor(user.email, user.email)];
    expect(first.href).not.toBe(second.href);
    app.clock.advanceSeconds(1);
    await choose(second);
    expect(isExpired(await open(first))).toBe(true);
    const third = await mailFor(user.email, user.email);
    app.clock.advanceSeconds(1);
    await usersOf(app).setPassword(user.subject, 'set by an administrator', { actor: 'test' });
    expect(isExpired(await open(third))).toBe(true);
  });

  it('a change of the password while the new one is hashed wins', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const visitor = new Visitor(app);
    const page = await open(link, visitor);
    app.clock.advanceSeconds(1);
    const [visit] = await Promise.all([
      visitor.submit(page, TWICE),
      usersOf(app).setPassword(user.subject, 'set by an administrator', { actor: 'test' }),
    ]);
    const isOurs = await canSignIn(user, NEXT);
    expect([isOurs, await canSignIn(user, 'set by an administrator')]).toEqual([!isExpired(visit) && isOurs, !isOurs]);
  });

  it('a link is void after its user was deleted', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    await usersOf(app).delete(user.subject, { actor: 'test' });
    expect(isExpired(await open(link))).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'x'],
    ['the right length', 'A'.repeat(64)],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['a NUL', '%00'],
  ])('a link that is none of ours does not work: %s', async (_, link) => {
    expect(isExpired(await new Visitor(app).get(`/sign-in/new-password?link=${link}`))).toBe(true);
  });

  it('a link with one character changed does not work', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const value = link.searchParams.get('link')!;
    for (const at of [3, 30, 60]) {
      link.searchParams.set('link', `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`);
      expect(isExpired(await open(link))).toBe(true);
    }
  });

  it('a password that the policy refuses leaves the link as it is', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const short = await choose(link, { new_password: 'short', new_password_again: 'short' });
    expect(short.html).toContain(english.newPassword.flaws.tooShort(15));
    const mistyped = await choose(link, { new_password: NEXT, new_password_again: 'else' });
    expect(mistyped.html).toContain(english.newPassword.mismatch);
    expect((await choose(link)).url.pathname).toBe('/sign-in');
  });

  it('the form of a link needs its token', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const fields = { link: link.searchParams.get('link')!, ...TWICE };
    expect((await postForm(`${app.url}/sign-in/new-password`, fields)).status).toBe(400);
    expect((await postForm(`${app.url}/sign-in/forgotten`, { username: user.email })).status).toBe(400);
    expect(await canSignIn(user, NEXT)).toBe(false);
  });

  it('the secret of a link is in no log line, no other page’s referrer, and not in the database', async () => {
    const user = await someone();
    const link = await mailFor(user.email, user.email);
    const secret = link.searchParams.get('link')!;
    const page = await open(link);
    expect(page.headers.get('referrer-policy')).toBe('strict-origin');
    const dump = await dumpDatabase(app.database);
    await choose(link);
    const expired = await open(link);
    expect(expired.headers.get('referrer-policy')).toBe('strict-origin');
    expect(expired.html).not.toContain(secret);
    expect(dump).toContain(user.email);
    for (const piece of [secret, secret.slice(22)]) {
      expect(dump).not.toContain(piece);
      expect(app.logs.filter((line) => line.includes(piece))).toEqual([]);
    }
    expect(app.logs.filter((line) => line.includes(user.email))).toEqual([]);
  });
});

describe('the SMTP server', () => {
  it('a mail waits while the SMTP server is away, and its link works for 30 minutes from when it comes', async () => {
    const user = await someone();
    await mailServer.down();
    const visit = await ask(user.email);
    expect(visit.html).toContain(english.forgotten.sent.text);
    await deliver();
    for (let hour = 0; hour < 3; hour += 1) {
      app.clock.advanceSeconds(3600);
      await deliver();
    }
    await mailServer.up();
    expect(mailServer.to(user.email)).toEqual([]);
    app.clock.advanceSeconds(3600);
    await deliver();
    expect(mailServer.to(user.email)).toHaveLength(1);
    expect((await choose(linkIn(mailServer.to(user.email)[0]!))).url.pathname).toBe('/sign-in');
  });

  it('a mail that the server refuses for a while is sent again, and one that it refuses for good is given up', async () => {
    const [later, never] = [await someone(), await someone()];
    mailServer.refusals.set(later.email, 451).set(never.email, 550);
    await ask(later.email);
    await ask(never.email);
    await deliver();
    mailServer.refusals.clear();
    app.clock.advanceSeconds(60);
    await deliver();
    expect([mailServer.to(later.email).length, mailServer.to(never.email).length]).toEqual([1, 0]);
    const unsent = (await auditOfSubject(never.subject)).filter(({ event }) => event === 'mail.unsent');
    expect(unsent).toMatchObject([{ reason: 'smtp_550', detail: { kind: 'reset', attempts: 1 } }]);
  });

  it('a mail that cannot be sent for a day is given up', async () => {
    const user = await someone();
    await mailServer.down();
    await ask(user.email);
    for (let hour = 0; hour < 26; hour += 1) {
      await deliver();
      app.clock.advanceSeconds(3600);
    }
    await mailServer.up();
    await deliver();
    expect(mailServer.to(user.email)).toEqual([]);
    const last = (await auditOfSubject(user.subject)).at(-1);
    expect(last).toMatchObject({ event: 'mail.unsent', reason: expect.stringMatching(/^e\w+$/) });
  });
});
