/** The account page and its JSON: what a user sees of their account, and how they end each entry. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { english } from '../../src/pages/english.js';
import { NewPasswords } from '../../src/users/new-passwords.service.js';
import { auditOf, auditOfFamily, type AuditRow } from '../support/audit-trail.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { introspect, postForm, refresh, send, type Answer } from '../support/requests.js';
import {
  aUser,
  isConsent,
  isSignIn,
  signIn as enterPassword,
  signInAndExchange,
  webClient,
  Authorization,
  type TestUser,
} from '../support/sign-in.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { auditUnder, authenticate, createUser, PASSWORD } from '../support/users.js';
import { Visitor, type PageForm, type Visit } from '../support/visitor.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await webClient(app, { name: 'Shop', mayIntrospect: true });
});
afterAll(async () => {
  expect(serverErrors(app)).toEqual([]);
  await app.close();
});

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const BRIEF = 'openid read';
const LASTING = 'openid offline_access read';

async function signIn(user: TestUser, visitor: Visitor, scope: string, of = client): Promise<Tokens> {
  const { body } = await signInAndExchange(app, of, user, { scope }, visitor);
  return { accessToken: body.access_token, refreshToken: body.refresh_token };
}

const cookieOf = (visitor: Visitor): string =>
  [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');

const JSON_ONLY = { accept: 'application/json' };

/** The account as a program reads it. */
const read = (visitor: Visitor, headers: Record<string, string> = JSON_ONLY): Promise<Answer> =>
  send(`${app.url}/account/data`, { headers: { ...headers, cookie: cookieOf(visitor) } });

interface SessionJson {
  readonly session_id: string;
  readonly current: boolean;
}

interface AccessJson {
  readonly family_id: string;
  readonly client_name: string;
  readonly offline: boolean;
  readonly session_id: string;
}

const sessionsOf = async (visitor: Visitor): Promise<SessionJson[]> => (await read(visitor)).body.sessions;

const accessOf = async (visitor: Visitor): Promise<AccessJson[]> => (await read(visitor)).body.access;

/** A form as a program sends it. */
const change = async (visitor: Visitor, path: string, fields: Record<string, string> = {}): Promise<Answer> => {
  const answer = await read(visitor);
  for (const line of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    visitor.cookies.set(name!, value!);
  }
  const form = { form_token: answer.body.form_token as string, ...fields };
  return postForm(`${app.url}/account${path}`, form, { ...JSON_ONLY, cookie: cookieOf(visitor) });
};

const formFor = ({ forms }: Visit, path: string, field: Record<string, string> = {}): PageForm => {
  const found = forms.find(
    ({ action, fields }) =>
      action === `/account${path}` && Object.entries(field).every(([name, value]) => fields[name] === value),
  );
  if (!found) throw new Error(`There is no form for ${path}`);
  return found;
};

/** A new password, typed twice. */
const same = (password: string) => ({ new_password: password, new_password_again: password });

const auditOfSubject = (subject: string, event: string): Promise<AuditRow[]> =>
  app.database.query('SELECT * FROM audit_events WHERE subject = $1 AND event = $2 ORDER BY id', [subject, event]);

const isSignedIn = async (visitor: Visitor): Promise<boolean> => !isSignIn(await visitor.get('/account'));

const isActive = async ({ accessToken }: Tokens): Promise<boolean> =>
  (await introspect(app, client, accessToken)).body.active;

const canRefresh = async ({ refreshToken }: Tokens): Promise<boolean> =>
  (await refresh(app, client, refreshToken)).status === 200;

describe('the account', () => {
  it('the account shows where the user is signed in, which clients have access, and the consents', async () => {
    const user = await aUser(app, { email: 'alice@example.org' });
    const [here, there] = [new Visitor(app), new Visitor(app)];
    await signIn(user, here, BRIEF);
    await signIn(user, there, LASTING);
    const { html, headers } = await here.get('/account', { 'accept-language': 'en' });
    for (const text of [user.username, 'alice@example.org', 'Shop', '127.0.0.1', 'This browser']) {
      expect(html).toContain(text);
    }
    expect(headers.get('cache-control')).toBe('no-store');
    const { body, status } = await read(here);
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: user.subject, username: user.username, email: 'alice@example.org' });
    expect(body.sessions).toHaveLength(2);
    expect((await sessionsOf(here)).filter(({ current }) => current)).toHaveLength(1);
    expect(body.sessions[0]).toEqual({
      session_id: expect.any(String),
      current: expect.any(Boolean),
      source: '127.0.0.1',
      user_agent: 'node',
      created_at: expect.stringMatching(/Z$/),
      last_used_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    });
    const access = {
      family_id: expect.any(String),
      client_id: client.clientId,
      client_name: 'Shop',
      session_id: expect.any(String),
      created_at: expect.any(String),
      last_used_at: expect.any(String),
    };
    expect(body.access).toEqual([
      { ...access, scope: LASTING, offline: true },
      { ...access, scope: BRIEF, offline: false },
    ]);
    expect(body.consents).toEqual([
      {
        client_id: client.clientId,
        client_name: 'Shop',
        scope: expect.any(String),
        claims: [],
        granted_at: expect.any(String),
      },
    ]);
  });

  it('the account shows nothing secret and nothing of other users', async () => {
    const user = await aUser(app);
    const stranger = await createUser(app, 'some.body@else', { claims: { email: 'other@example.org' } });
    const other = { ...stranger, password: PASSWORD };
    const [visitor, theirs] = [new Visitor(app), new Visitor(app)];
    await signIn(other, theirs, LASTING);
    const tokens = await signIn(user, visitor, LASTING);
    const [page, { text }] = [await visitor.get('/account'), await read(visitor)];
    const [{ id: handle }] = await app.database.query<[{ id: string }]>(
      'SELECT id FROM token_families WHERE subject = $1',
      [user.subject],
    );
    const digests = await app.database.query<{ digest: string }[]>(
      `SELECT encode(cookie_digest, 'hex') AS digest FROM login_sessions UNION SELECT encode(cookie_digest, 'base64') FROM login_sessions`,
    );
    const secrets = [
      other.subject,
      other.username,
      'other@example.org',
      handle,
      tokens.accessToken,
      tokens.refreshToken,
      client.secret!,
      ...visitor.cookies.values(),
      ...digests.map(({ digest }) => digest),
    ];
    for (const answer of [page.html, text]) {
      expect(secrets.filter((secret) => answer.includes(secret))).toEqual([]);
    }
  });

  it('the account shows one access for a client that signs the user in silently several times, and no unredeemed code', async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    for (let index = 0; index < 3; index += 1) await signIn(user, visitor, BRIEF);
    await visitor.get(new Authorization(client, { scope: BRIEF, prompt: 'none' }).path);
    const { body } = await read(visitor);
    expect(body.access).toHaveLength(1);
  });

  it('the account shows HTML in names as text', async () => {
    const evil = '<script>alert(1)</script>';
    const [user, visitor] = [await aUser(app, { email: 'a@example.org' }), new Visitor(app)];
    const named = await webClient(app, { name: evil });
    await signIn(user, visitor, BRIEF, named);
    const { html } = await visitor.get(
      `/account?done=${encodeURIComponent(evil)}&ui_locales=${encodeURIComponent(evil)}`,
      {
        'user-agent': evil,
      },
    );
    expect(html).toContain('&lt;script>alert(1)');
    expect(html).not.toContain('<script');
  });

  it('without a login session, the account redirects browsers to the sign-in and refuses programs', async () => {
    const page = await send(`${app.url}/account`, { redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([303, '/sign-in']);
    for (const path of ['/account', '/account/data']) {
      const answer = await send(`${app.url}${path}`, { headers: JSON_ONLY });
      expect(answer.status).toBe(403);
      expect(answer.body.error).toBe('login_required');
    }
    const inBrowser = await send(`${app.url}/account/data`);
    expect(inBrowser.status).toBe(403);
    expect(inBrowser.headers.get('content-type')).toContain('text/html');
  });

  it('a disabled user has no account page any more', async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    await signIn(user, visitor, BRIEF);
    await setSubjectDisabled(app, user.subject, true);
    expect((await read(visitor)).status).toBe(403);
  });
});

describe('ending sessions and access', () => {
  it('a user can end the session of another browser, with its families', async () => {
    const user = await aUser(app);
    const [here, there] = [new Visitor(app), new Visitor(app)];
    const [brief, lasting] = [await signIn(user, there, BRIEF), await signIn(user, there, LASTING)];
    await signIn(user, here, BRIEF);
    const page = await here.get('/account');
    const other = (await sessionsOf(here)).find(({ current }) => !current)!;
    const visit = await here.submit(page, {}, formFor(page, '/sessions/end', { session_id: other.session_id }));
    expect(visit.status).toBe(200);
    expect(visit.url.pathname + visit.url.search).toBe('/account?done=session_ended');
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
    expect([await isActive(brief), await isActive(lasting)]).toEqual([false, true]);
    expect(await canRefresh(lasting)).toBe(true);
  });

  it.each(['/sign-out', '/sessions/end'])('a user can end the session of this browser, by %s', async (path) => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    const brief = await signIn(user, visitor, BRIEF);
    const page = await visitor.get('/account');
    const visit = await visitor.submit(page, {}, formFor(page, path));
    expect(visit.url.pathname).toBe('/end-session');
    expect(visit.html).toContain('You are signed out');
    expect(visitor.cookies.has('rekey-session')).toBe(false);
    expect(await isSignedIn(visitor)).toBe(false);
    expect(await isActive(brief)).toBe(false);
  });

  it('a user can end everything at once: all browsers, and offline access too', async () => {
    const [user, bystander] = [await aUser(app), await aUser(app)];
    const [here, there, theirs] = [new Visitor(app), new Visitor(app), new Visitor(app)];
    const tokens = [await signIn(user, here, BRIEF), await signIn(user, there, LASTING)];
    const others = await signIn(bystander, theirs, LASTING);
    const page = await here.get('/account');
    expect((await here.submit(page, {}, formFor(page, '/sessions/end-all'))).html).toContain('You are signed out');
    expect([await isSignedIn(here), await isSignedIn(there), await isSignedIn(theirs)]).toEqual([false, false, true]);
    for (const each of tokens) expect(await isActive(each)).toBe(false);
    expect(await canRefresh(tokens[1]!)).toBe(false);
    expect(await isActive(others)).toBe(true);
    app.clock.advance(1);
    expect(await isActive(await signIn(user, here, BRIEF))).toBe(true);
  });

  it('a user can end the access of one client and stays signed in', async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    const bank = await webClient(app, { name: 'Bank' });
    const [shop, other] = [await signIn(user, visitor, LASTING), await signIn(user, visitor, LASTING, bank)];
    const page = await visitor.get('/account');
    const { family_id: familyId } = (await accessOf(visitor)).find(({ client_name }) => client_name === 'Shop')!;
    const visit = await visitor.submit(page, {}, formFor(page, '/access/end', { family_id: familyId }));
    expect(visit.url.search).toBe('?done=access_ended');
    expect(await isActive(shop)).toBe(false);
    expect(await canRefresh(shop)).toBe(false);
    expect((await refresh(app, bank, other.refreshToken)).status).toBe(200);
    expect((await read(visitor)).body.access).toHaveLength(1);
    const trail = await auditOfFamily(app, familyId);
    expect(trail.find(({ event }) => event === 'revocation.created')).toMatchObject({
      reason: 'account_page',
      client_id: client.clientId,
      subject: user.subject,
      actor: `user:${user.subject}`,
    });
  });

  it('a user can end all access that a client has from one browser as one, and no other', async () => {
    const user = await aUser(app);
    const [here, there] = [new Visitor(app), new Visitor(app)];
    const tokens = [await signIn(user, here, BRIEF), await signIn(user, here, BRIEF)];
    const [lasting, elsewhere] = [await signIn(user, here, LASTING), await signIn(user, there, BRIEF)];
    const current = (await sessionsOf(here)).find((session) => session.current)!.session_id;
    const { family_id: familyId } = (await accessOf(here)).find((one) => !one.offline && one.session_id === current)!;
    expect((await change(here, '/access/end', { family_id: familyId })).status).toBe(204);
    for (const each of tokens) expect(await isActive(each)).toBe(false);
    expect([await isActive(lasting), await isActive(elsewhere)]).toEqual([true, true]);
  });

  it('a user can end an access that an admin started without a sign-in', async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    await signIn(user, visitor, BRIEF);
    const moved = await confidentialClient(app, { name: 'Moved' });
    const family = await startFamily(app, moved, { subject: user.subject });
    expect((await accessOf(visitor)).map((one) => one.family_id)).toContain(family.familyId);
    await change(visitor, '/access/end', { family_id: family.familyId });
    expect((await refresh(app, moved, family.refreshToken)).body.error).toBe('invalid_grant');
  });

  it('a user can withdraw a consent, which revokes its families, and the client has to ask again', async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    const tokens = [await signIn(user, visitor, LASTING), await signIn(user, visitor, BRIEF)];
    const page = await visitor.get('/account');
    const visit = await visitor.submit(page, {}, formFor(page, '/consents/withdraw', { client_id: client.clientId }));
    expect(visit.url.search).toBe('?done=consent_withdrawn');
    for (const each of tokens) expect(await isActive(each)).toBe(false);
    expect(await canRefresh(tokens[0]!)).toBe(false);
    expect((await read(visitor)).body).toMatchObject({ access: [], consents: [] });
    expect(isConsent(await visitor.get(new Authorization(client, { scope: BRIEF }).path))).toBe(true);
  });

  it('ending something twice changes nothing the second time', async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    await signIn(user, visitor, LASTING);
    const { family_id: familyId } = (await read(visitor)).body.access[0];
    const answers = [
      await change(visitor, '/access/end', { family_id: familyId }),
      await change(visitor, '/access/end', { family_id: familyId }),
      await change(visitor, '/consents/withdraw', { client_id: client.clientId }),
      await change(visitor, '/consents/withdraw', { client_id: client.clientId }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    const events = await Promise.all(answers.map(async (answer) => (await auditOf(app, answer)).map((e) => e.event)));
    expect(events).toEqual([['revocation.created'], [], ['consent.withdrawn'], []]);
  });
});

describe('changing the password', () => {
  const NEXT = 'umbrella gravel tango seven';
  const path = '/account/password';

  /** Fills in the form for a new password. */
  const choose = async (visitor: Visitor, fields: Record<string, string>): Promise<Visit> => {
    const page = await visitor.get(path);
    return visitor.submit(page, { new_password: NEXT, new_password_again: NEXT, ...fields });
  };

  const canSignIn = async (username: string, password: string): Promise<boolean> =>
    (await authenticate(app, username, password)).verdict === 'ok';

  const signedIn = async (user: TestUser, visitor = new Visitor(app)): Promise<Visitor> => {
    await enterPassword(visitor, await visitor.get('/sign-in'), user);
    return visitor;
  };

  it('a user changes the password, which ends every other session and family, and keeps those of this browser', async () => {
    const [user, bystander] = [await aUser(app), await aUser(app)];
    const [here, there] = [new Visitor(app), new Visitor(app)];
    const [own, lasting] = [await signIn(user, here, BRIEF), await signIn(user, here, LASTING)];
    const others = [await signIn(user, there, BRIEF), await signIn(user, there, LASTING)];
    const moved = await confidentialClient(app);
    const imported = await startFamily(app, moved, { subject: user.subject });
    const theirs = await signIn(bystander, new Visitor(app), LASTING);
    const visit = await choose(here, { password: user.password });
    expect(visit.url.pathname + visit.url.search).toBe('/account?done=password_changed');
    expect(visit.html).toContain(english.account.done.password_changed);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
    for (const tokens of [own, lasting, theirs]) expect(await isActive(tokens)).toBe(true);
    expect(await canRefresh(lasting)).toBe(true);
    for (const tokens of others) expect([await isActive(tokens), await canRefresh(tokens)]).toEqual([false, false]);
    expect((await refresh(app, moved, imported.refreshToken)).body.error).toBe('invalid_grant');
    expect([await canSignIn(user.username, user.password), await canSignIn(user.username, NEXT)]).toEqual([
      false,
      true,
    ]);
    const changed = await auditOfSubject(user.subject, 'user.password_changed');
    expect(changed).toMatchObject([{ actor: `user:${user.subject}`, correlation_id: expect.any(String) }]);
    const ended = (await auditUnder(app, changed[0]!.correlation_id!)).map(({ event, reason }) => [event, reason]);
    expect(ended).toEqual([
      ['user.password_changed', null],
      ['revocation.created', 'password_changed'],
      ['session.ended', 'password_changed'],
    ]);
  });

  it('a user who does not ask for it leaves the other sessions as they are', async () => {
    const user = await aUser(app);
    const [here, there] = [await signedIn(user), await signedIn(user)];
    const page = await here.get(path);
    const { others, ...fields } = page.forms[0]!.fields;
    expect(others).toBe('end');
    const filled = { ...fields, password: user.password, new_password: NEXT, new_password_again: NEXT };
    expect((await here.post(path, filled)).url.search).toBe('?done=password_changed');
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, true]);
  });

  it.each([
    ['with a wrong current password', { password: 'wrong' }, 403, english.newPassword.refused],
    ['without a current password', { password: '' }, 403, english.newPassword.refused],
    ['with a new password typed in two ways', { new_password_again: 'else' }, 400, english.newPassword.mismatch],
    ['with a short one', same('short'), 400, english.newPassword.flaws.tooShort(15)],
    ['with a sequence', same('12345678901234567'), 400, english.newPassword.flaws.sequence(15)],
    ['with a common one', same('passwordpassword'), 400, english.newPassword.flaws.common(15)],
    ['with the name of the service', same('rekeyrekeyrekeyrekey'), 400, english.newPassword.flaws.name(15)],
    ['with a very long one', same('x1'.repeat(600)), 400, english.newPassword.flaws.tooLong(15)],
  ])('the password stays %s, and the page says why', async (_, fields, status, text) => {
    const user = await aUser(app);
    const visitor = await signedIn(user);
    const visit = await choose(visitor, { password: user.password, ...fields });
    expect(visit.status).toBe(status);
    expect(visit.html).toContain(text);
    expect(visit.html).not.toContain(NEXT);
    expect(await canSignIn(user.username, user.password)).toBe(true);
    const answer = await change(visitor, '/password', {
      password: user.password,
      new_password: NEXT,
      new_password_again: NEXT,
      ...(fields as Record<string, string>),
    });
    expect(answer.status).toBe(status);
  });

  it('guesses of the current password are throttled like a sign-in', async () => {
    const user = await aUser(app);
    const visitor = await signedIn(user);
    const statuses = [];
    for (let guess = 0; guess < 12; guess += 1) {
      statuses.push((await choose(visitor, { password: `guess ${guess}` })).status);
    }
    expect(statuses).toEqual([...new Array<number>(10).fill(403), 429, 429]);
    const visit = await choose(visitor, { password: user.password });
    expect([visit.status, Number(visit.headers.get('retry-after')) > 0]).toEqual([429, true]);
    app.clock.advanceSeconds(120);
  });

  it('of two changes at once, one is made and the other is refused', async () => {
    const user = await aUser(app);
    const [here, there] = [await signedIn(user), await signedIn(user)];
    const pages = [await here.get(path), await there.get(path)];
    const passwords = ['umbrella gravel tango one', 'umbrella gravel tango two'];
    const visits = await Promise.all(
      [here, there].map((visitor, index) => {
        const { others: _, ...fields } = pages[index]!.forms[0]!.fields;
        const next = { new_password: passwords[index]!, new_password_again: passwords[index]! };
        return visitor.post(path, { ...fields, password: user.password, ...next });
      }),
    );
    expect(visits.map(({ status }) => status).sort()).toEqual([200, 403]);
    const usable = await Promise.all(passwords.map((password) => canSignIn(user.username, password)));
    expect(usable).toEqual(visits.map(({ status }) => status === 200));
    expect(await auditOfSubject(user.subject, 'user.password_changed')).toHaveLength(1);
  });

  it('a session that ends during the change takes the change with it', async () => {
    const user = await aUser(app);
    const [here, there] = [await signedIn(user), await signedIn(user)];
    const page = await there.get('/account');
    const passwords = app.nest.get(NewPasswords, { strict: false });
    const hash = passwords.hash.bind(passwords);
    const spy = jest.spyOn(passwords, 'hash').mockImplementation(async (...given) => {
      await there.submit(page, {}, formFor(page, '/sessions/end-all'));
      return hash(...given);
    });
    const visit = await choose(here, { password: user.password });
    spy.mockRestore();
    expect(isSignIn(visit)).toBe(true);
    expect([await canSignIn(user.username, NEXT), await canSignIn(user.username, user.password)]).toEqual([
      false,
      true,
    ]);
    expect(await auditOfSubject(user.subject, 'user.password_changed')).toEqual([]);
  });

  it('a user without a password has nothing to change', async () => {
    const user = await aUser(app);
    const visitor = await signedIn(user);
    await app.database.query('UPDATE users SET password_hash = NULL WHERE subject = $1', [user.subject]);
    expect((await visitor.get(path)).url.pathname).toBe('/account');
    const { form_token } = (await read(visitor)).body as { form_token: string };
    const fields = { form_token, password: '', new_password: NEXT, new_password_again: NEXT };
    expect((await visitor.post(path, fields)).status).toBe(403);
    expect((await visitor.get('/account')).html).not.toContain(path);
  });
});

describe('another user’s sessions and families', () => {
  it.each([
    ['/sessions/end', 'session_id'],
    ['/access/end', 'family_id'],
    ['/consents/withdraw', 'client_id'],
  ])('%s', async (path, field) => {
    const [user, victim] = [await aUser(app), await aUser(app)];
    const [visitor, theirs] = [new Visitor(app), new Visitor(app)];
    const tokens = await signIn(victim, theirs, LASTING);
    await signIn(user, visitor, BRIEF);
    const { body } = await read(theirs);
    const value = {
      session_id: body.sessions[0].session_id,
      family_id: body.access[0].family_id,
      client_id: (await webClient(app)).clientId,
    }[field] as string;
    const unknown = '01890000-0000-7000-8000-000000000000';
    const [foreign, missing] = [
      await change(visitor, path, { [field]: value }),
      await change(visitor, path, { [field]: unknown }),
    ];
    expect([foreign.status, foreign.text]).toEqual([missing.status, missing.text]);
    expect(await auditOf(app, foreign)).toEqual([]);
    expect(await isSignedIn(theirs)).toBe(true);
    expect(await isActive(tokens)).toBe(true);
    expect((await read(theirs)).body).toMatchObject({ sessions: [{}], access: [{}], consents: [{}] });
  });

  it('withdrawing a consent ends only this user’s access', async () => {
    const [user, other] = [await aUser(app), await aUser(app)];
    const [visitor, theirs] = [new Visitor(app), new Visitor(app)];
    await signIn(user, visitor, LASTING);
    const tokens = await signIn(other, theirs, LASTING);
    await change(visitor, '/consents/withdraw', { client_id: client.clientId });
    expect(await isActive(tokens)).toBe(true);
    expect((await read(theirs)).body.consents).toHaveLength(1);
  });

  it.each([
    ['text', 'x'],
    ['nothing', ''],
    ['a NUL', '\0'],
    ['SQL', "'; --"],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['a path', '../..'],
  ])('another user’s item is treated like an unknown one: %s', async (_, value) => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    await signIn(user, visitor, BRIEF);
    for (const [path, field] of [
      ['/sessions/end', 'session_id'],
      ['/access/end', 'family_id'],
      ['/consents/withdraw', 'client_id'],
    ] as const) {
      expect((await change(visitor, path, { [field]: value })).status).toBe(204);
    }
    expect(await isSignedIn(visitor)).toBe(true);
  });
});

describe('a form', () => {
  const paths = ['/sign-out', '/sessions/end', '/sessions/end-all', '/access/end', '/consents/withdraw', '/password'];

  const ready = async () => {
    const [user, visitor] = [await aUser(app), new Visitor(app)];
    const tokens = await signIn(user, visitor, LASTING);
    const page = await visitor.get('/account');
    const { body } = await read(visitor);
    const fields = {
      session_id: body.sessions[0].session_id as string,
      family_id: body.access[0].family_id as string,
      client_id: client.clientId,
      form_token: page.forms[0]!.fields['form_token']!,
    };
    return { user, visitor, tokens, fields };
  };

  const expectNothingEnded = async ({ visitor, tokens }: { visitor: Visitor; tokens: Tokens }): Promise<void> => {
    expect(await isSignedIn(visitor)).toBe(true);
    expect(await isActive(tokens)).toBe(true);
    expect((await read(visitor)).body.consents).toHaveLength(1);
  };

  it('a form without its token, or with another user’s token, changes nothing, on any path, in any format', async () => {
    const [mine, theirs] = [await ready(), await ready()];
    const { form_token: _, ...fields } = mine.fields;
    for (const path of paths) {
      for (const token of [undefined, 'x', theirs.fields.form_token]) {
        const form = { ...fields, ...(token !== undefined && { form_token: token }) };
        const asPage = await mine.visitor.post(`/account${path}`, form);
        expect(asPage.status).toBe(400);
        expect(asPage.headers.get('content-type')).toContain('text/html');
        const headers = { ...JSON_ONLY, cookie: cookieOf(mine.visitor) };
        const asJson = await postForm(`${app.url}/account${path}`, form, headers);
        expect([asJson.status, asJson.body.error]).toEqual([400, 'invalid_request']);
      }
    }
    await expectNothingEnded(mine);
  });

  it.each([{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])(
    'a form from another site changes nothing: %j',
    async (headers: Record<string, string>) => {
      const mine = await ready();
      for (const path of paths) {
        expect((await mine.visitor.post(`/account${path}`, mine.fields, headers)).status).toBe(400);
      }
      await expectNothingEnded(mine);
    },
  );

  it('a JSON body changes nothing: programs send the same form as the page', async () => {
    const mine = await ready();
    for (const path of paths) {
      const answer = await send(`${app.url}/account${path}`, {
        method: 'POST',
        headers: { ...JSON_ONLY, 'content-type': 'application/json', cookie: cookieOf(mine.visitor) },
        body: JSON.stringify(mine.fields),
      });
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    }
    await expectNothingEnded(mine);
  });

  it('a form sent after the session has ended leads to the sign-in', async () => {
    const { visitor, fields } = await ready();
    await visitor.post('/account/sign-out', fields);
    for (const path of paths) {
      expect(isSignIn(await visitor.post(`/account${path}`, fields))).toBe(true);
      expect((await postForm(`${app.url}/account${path}`, fields, JSON_ONLY)).body.error).toBe('login_required');
    }
  });

  it('a form shown before the user signed in again is not valid for the new session', async () => {
    const { user, visitor, fields } = await ready();
    await visitor.post('/account/sign-out', fields);
    const tokens = await signIn(user, visitor, LASTING);
    for (const path of paths) expect((await visitor.post(`/account${path}`, fields)).status).toBe(400);
    await expectNothingEnded({ visitor, tokens });
  });

  it.each(paths.filter((path) => path !== '/password'))('GET %s changes nothing', async (path) => {
    const { visitor } = await ready();
    const visit = await visitor.get(`/account${path}`);
    expect([visit.status, visit.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await isSignedIn(visitor)).toBe(true);
  });
});

it('a program gets a 204 without a body', async () => {
  const [user, visitor] = [await aUser(app), new Visitor(app)];
  await signIn(user, visitor, BRIEF);
  const { body } = await read(visitor);
  const answer = await change(visitor, '/sessions/end', { session_id: body.sessions[0].session_id });
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(answer.headers.getSetCookie().join()).toMatch(/rekey-session=;.*Max-Age=0/);
  expect((await read(visitor)).status).toBe(403);
});

it('if the database is away, a change answers 503 and has no effect', async () => {
  const [user, visitor] = [await aUser(app), new Visitor(app)];
  const tokens = await signIn(user, visitor, LASTING);
  const { family_id: familyId } = (await read(visitor)).body.access[0];
  for (const [path, fields] of [
    ['/sessions/end-all', {}],
    ['/access/end', { family_id: familyId }],
    ['/consents/withdraw', { client_id: client.clientId }],
  ] as const) {
    const { result } = await withLostStatements(app, /UPDATE token_families/, () =>
      change(visitor, path, fields as Record<string, string>),
    );
    expect([result.status, result.body.error]).toEqual([503, 'temporarily_unavailable']);
  }
  expect(serverErrors(app)).toHaveLength(3);
  expect(await isSignedIn(visitor)).toBe(true);
  expect(await isActive(tokens)).toBe(true);
  expect((await read(visitor)).body.consents).toHaveLength(1);
});
