/** The users service: creating, changing and reading users. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidUser, UserTaken } from '../../src/users/user-error.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { authenticate, BY_TEST, createUser, PASSWORD, rowOf, usersOf, auditUnder } from '../support/users.js';
import { setSubjectDisabled } from '../support/subjects.js';

let app: TestApp;
let count = 0;

beforeAll(async () => {
  app = await startApp({ background: false });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const newName = (): string => `carl${++count}`;
const trail = (subject: string) =>
  app.database.query<{ event: string; detail: unknown }[]>(
    'SELECT event, actor, detail FROM audit_events WHERE subject = $1 ORDER BY id',
    [subject],
  );

describe('a new user', () => {
  it('a new user has a time-ordered subject, the username as written, and an audit event', async () => {
    const name = `Carl-${newName()}`;
    const user = await createUser(app, name, { claims: { name: 'Carl' } });
    expect(user.subject).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(await usersOf(app).find(user.subject)).toMatchObject({ username: name, claims: { name: 'Carl' } });
    expect(await trail(user.subject)).toEqual([{ event: 'user.created', actor: 'test', detail: null }]);
  });

  it('a new user may have a given subject', async () => {
    const { subject } = await createUser(app, newName(), { subject: 'auth0|5f7c' });
    expect(subject).toBe('auth0|5f7c');
  });

  it('a new user is stored with a hash of the password, never the password', async () => {
    const { subject } = await createUser(app, newName());
    const row = JSON.stringify(await rowOf(app, subject));
    expect(row).not.toContain(PASSWORD);
    expect(row).toContain('$argon2id$');
    expect(app.logs.join('')).not.toContain(PASSWORD);
  });

  it.each([
    ['username', { username: ' anna' }],
    ['username', { username: '' }],
    ['subject', { subject: 'client:abc' }],
    ['subject', { subject: 'a\nb' }],
    ['claims.email', { claims: { email: 'no address' } }],
    ['password', { password: 'too short' }],
    ['password', { password: 'passwordpassword' }],
    ['password_hash', { passwordHash: 'plain' }],
  ])('a new user with an invalid %s is refused, and nothing is stored: %j', async (field, wrong) => {
    const username = newName();
    const created = usersOf(app).create({ username, ...wrong }, BY_TEST);
    await expect(created).rejects.toBeInstanceOf(InvalidUser);
    const { problems } = (await created.catch((error: unknown) => error)) as InvalidUser;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${field.replace('.', '\\.')} `));
    expect(await usersOf(app).findByUsername(username)).toBeNull();
  });

  it('a new user’s password cannot be their own username or e-mail address', async () => {
    const username = `${newName()}.of.the.long.name`;
    const email = `mail.${username}@example.com`;
    for (const password of [username, email, `mail.${username}`, `${username}2024`]) {
      await expect(createUser(app, username, { password, claims: { email } })).rejects.toThrow(/name of the user/);
    }
  });

  it('a new user cannot have the username or subject of another user', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    await expect(createUser(app, name.toUpperCase())).rejects.toMatchObject({ field: 'username' });
    await expect(createUser(app, newName(), { subject })).rejects.toMatchObject({ field: 'subject' });
  });

  it('concurrent requests for the same username create one user', async () => {
    const name = newName();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => createUser(app, name)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(UserTaken);
    }
    const rows = await app.database.query<unknown[]>('SELECT 1 FROM users WHERE username = $1', [name]);
    expect(rows).toHaveLength(1);
  });

  it('a user is not created if the audit event cannot be written', async () => {
    const name = newName();
    const create = () => createUser(app, name).catch((error: unknown) => error);
    const { result, lost } = await withLostStatements(app, /INSERT INTO audit_events/, create);
    expect(lost).toBe(1);
    expect(result).toBeInstanceOf(Error);
    expect(await usersOf(app).findByUsername(name)).toBeNull();
  });
});

describe('a change', () => {
  it('a changed username takes effect at once and frees the old one', async () => {
    const [name, next] = [newName(), newName()];
    const { subject } = await createUser(app, name);
    const updated = await usersOf(app).update(subject, { username: next }, BY_TEST);
    expect(updated).toMatchObject({ subject, username: next });
    expect(await authenticate(app, name, PASSWORD)).toEqual({ verdict: 'refused' });
    expect(await authenticate(app, next, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
    expect((await createUser(app, name)).subject).not.toBe(subject);
    expect(await trail(subject)).toContainEqual(
      expect.objectContaining({ event: 'user.updated', detail: { fields: ['username'] } }),
    );
  });

  it('a change to another user’s username is refused, and changes nothing', async () => {
    const [name, taken] = [newName(), newName()];
    const { subject } = await createUser(app, name);
    await createUser(app, taken);
    const update = usersOf(app).update(subject, { username: taken.toUpperCase(), claims: { name: 'x' } }, BY_TEST);
    await expect(update).rejects.toMatchObject({ field: 'username' });
    expect(await usersOf(app).find(subject)).toMatchObject({ username: name, claims: {} });
  });

  it('changed claims replace all existing ones', async () => {
    const email = 'carl@example.com';
    const { subject } = await createUser(app, newName(), { claims: { email, email_verified: true, name: 'Carl' } });
    await usersOf(app).update(subject, { claims: { email: 'other@example.com' } }, BY_TEST);
    expect((await usersOf(app).find(subject))?.claims).toEqual({ email: 'other@example.com' });
  });

  it('a change of an unknown user has no effect', async () => {
    expect(await usersOf(app).update('nobody', { username: newName() }, BY_TEST)).toBeUndefined();
    expect(await usersOf(app).setPassword('nobody', PASSWORD, BY_TEST)).toBe(false);
    expect(await usersOf(app).delete('nobody', BY_TEST)).toBe(false);
  });

  it('a changed password takes effect at once', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    app.clock.advanceSeconds(60);
    expect(await usersOf(app).setPassword(subject, 'umbrella gravel tango', BY_TEST)).toBe(true);
    expect(await authenticate(app, name, PASSWORD)).toEqual({ verdict: 'refused' });
    expect(await authenticate(app, name, 'umbrella gravel tango')).toMatchObject({ verdict: 'ok', subject });
    expect((await usersOf(app).find(subject))?.passwordChangedAt?.getTime()).toBe(app.clock.now());
    await expect(usersOf(app).setPassword(subject, 'short', BY_TEST)).rejects.toBeInstanceOf(InvalidUser);
  });
});

describe('the claims for clients', () => {
  it('the claims for clients are those of the user, with the time of the last change, and a default name', async () => {
    const name = newName();
    const { subject } = await createUser(app, name, { claims: { given_name: 'Carl' } });
    const changedAt = Math.floor(app.clock.now() / 1000);
    app.clock.advanceSeconds(60);
    await usersOf(app).setPassword(subject, PASSWORD, BY_TEST);
    expect(await usersOf(app).claimsOf(subject)).toEqual({
      given_name: 'Carl',
      groups: [],
      preferred_username: name,
      updated_at: changedAt,
    });
    await usersOf(app).update(subject, { claims: { preferred_username: 'cc' } }, BY_TEST);
    expect(await usersOf(app).claimsOf(subject)).toEqual({
      groups: [],
      preferred_username: 'cc',
      updated_at: Math.floor(app.clock.now() / 1000),
    });
  });

  it('there are no claims for an unknown user', async () => {
    expect(await usersOf(app).claimsOf('nobody')).toBeUndefined();
  });
});

describe('a deleted user', () => {
  it('a deleted user leaves only the subject, which stays taken; the username is free', async () => {
    const name = newName();
    const canaries = { groups: ['Canary of the groups'], attributes: { department: 'Canary of the attributes' } };
    const { subject } = await createUser(app, name, { claims: { name: 'Canary of the claims' }, ...canaries });
    await authenticate(app, name, PASSWORD, { source: '192.0.2.99' });
    expect(await usersOf(app).delete(subject, BY_TEST)).toBe(true);
    const row = await rowOf(app, subject);
    expect(row).toMatchObject({ subject, deleted_at: expect.any(Date) });
    expect(JSON.stringify(row)).not.toMatch(new RegExp(`${name}|Canary|argon2|192\\.0\\.2\\.99`));
    expect(await usersOf(app).find(subject)).toBeNull();
    expect(await usersOf(app).claimsOf(subject)).toBeUndefined();
    expect(await usersOf(app).delete(subject, BY_TEST)).toBe(false);
    await expect(createUser(app, name, { subject })).rejects.toMatchObject({ field: 'subject' });
    expect((await createUser(app, name)).subject).not.toBe(subject);
  });

  it('deleting a user does not prevent deleting others', async () => {
    const subjects = [];
    for (let index = 0; index < 3; index += 1) subjects.push((await createUser(app, newName())).subject);
    for (const subject of subjects) expect(await usersOf(app).delete(subject, BY_TEST)).toBe(true);
  });
});

/** Users who sign in through the upstream provider, identified by issuer and subject only. */
describe('a user of the upstream provider', () => {
  const ISSUER = 'https://upstream.example';

  let count = 0;

  beforeAll(async () => {});

  const newAccount = (): string => `account-${++count}`;
  const link = (
    account: string,
    claims: Record<string, unknown> = {},
    { issuer = ISSUER, correlationId = 'test' } = {},
  ) => usersOf(app).findOrCreateLinked(issuer, account, claims, { correlationId });
  const userOf = async (account: string, claims: Record<string, unknown> = {}) =>
    (await usersOf(app).find((await link(account, claims))!.subject))!;

  describe('the first sign-in', () => {
    it('the first upstream sign-in creates a user without a password, with the provider’s claims, and is audited', async () => {
      const account = newAccount();
      const claims = { preferred_username: 'dora', name: 'Dora', email: 'dora@example.com', email_verified: true };
      const { subject } = (await link(account, claims, { correlationId: 'first' }))!;
      expect(subject).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(await usersOf(app).find(subject)).toMatchObject({ username: 'dora', claims, passwordHash: null });
      expect(await auditUnder(app, 'first')).toMatchObject([
        { event: 'user.created', subject, actor: 'upstream' },
        { event: 'user.linked', subject, actor: 'upstream', detail: { issuer: ISSUER } },
      ]);
      expect(await authenticate(app, 'dora', '')).toEqual({ verdict: 'refused' });
    });

    it('concurrent first sign-ins of one account create one user', async () => {
      const account = newAccount();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => link(account, { preferred_username: 'emil' })),
      );
      expect(new Set(answers.map((answer) => answer?.subject)).size).toBe(1);
      const rows = await app.database.query<unknown[]>(`SELECT 1 FROM users WHERE username LIKE 'emil%'`);
      expect(rows).toHaveLength(1);
    });

    it('a first sign-in that fails half way creates no user', async () => {
      const account = newAccount();
      const attempt = () => link(account, { preferred_username: 'frida' }).catch((error: unknown) => error);
      for (const statement of [/INSERT INTO linked_accounts/, /INSERT INTO audit_events/]) {
        const { result, lost } = await withLostStatements(app, statement, attempt);
        expect(lost).toBeGreaterThanOrEqual(1);
        expect(result).toBeInstanceOf(Error);
      }
      expect(await usersOf(app).findByUsername('frida')).toBeNull();
      expect((await userOf(account, { preferred_username: 'frida' })).username).toBe('frida');
    });

    it('a new user gets a free username: the preferred one, the e-mail address, or one with a suffix', async () => {
      await createUser(app, 'gerd');
      await createUser(app, 'gerd@example.com');
      const claims = { preferred_username: 'Gerd', email: 'gerd@example.com' };
      expect((await userOf(newAccount(), { ...claims, name: 'Gerd G' })).username).toBe('Gerd G');
      expect((await userOf(newAccount(), claims)).username).toMatch(/^Gerd-[0-9a-f]{8}$/);
      expect((await userOf(newAccount(), claims)).username).toMatch(/^Gerd-[0-9a-f]{8}$/);
      const nameless = await userOf(newAccount());
      expect(nameless.username).toBe(nameless.subject);
    });

    it('a new user never takes over an existing one, whatever the e-mail address', async () => {
      const email = 'hanna@example.com';
      const local = await createUser(app, email, { claims: { email, email_verified: true } });
      const linked = await userOf(newAccount(), { email, email_verified: true, preferred_username: email });
      expect(linked.subject).not.toBe(local.subject);
      expect((await usersOf(app).find(local.subject))?.claims).toEqual(local.claims);
    });

    it('invalid claims are dropped', async () => {
      const claims = { name: 'Ida\nAdmin', picture: 'javascript:alert(1)', locale: 'de', sub: 'x', groups: ['admin'] };
      expect((await userOf(newAccount(), claims)).claims).toEqual({ locale: 'de' });
    });
  });

  describe('groups and attributes', () => {
    let mapping: TestApp;

    beforeAll(async () => {
      const REKEY_UPSTREAM_CLAIMS = 'groups=groups, roles=realm_access.roles, department=dept';
      mapping = await startApp({ background: false, environment: { REKEY_UPSTREAM_CLAIMS } });
    });
    afterAll(() => mapping.close());

    const signIn = async (account: string, claims: Record<string, unknown>) => {
      const found = await usersOf(mapping).findOrCreateLinked(ISSUER, account, claims, { correlationId: 'test' });
      return (await usersOf(mapping).find(found!.subject))!;
    };

    it('come from the provider’s claims at each sign-in, and go with them; attributes of the admin stay', async () => {
      const claims = { groups: ['a', 'b'], realm_access: { roles: ['editor'] }, dept: 'R&D' };
      const first = await signIn('mapped', claims);
      expect(first).toMatchObject({ groups: ['a', 'b'], attributes: { roles: ['editor'], department: 'R&D' } });
      await usersOf(mapping).update(first.subject, { addGroups: ['local'], attributes: { level: 3 } }, BY_TEST);
      const next = await signIn('mapped', { groups: ['b'], dept: 'Sales' });
      expect([next.groups, next.attributes]).toEqual([['b'], { department: 'Sales', level: 3 }]);
      expect((await signIn('mapped', {})).groups).toEqual([]);
    });

    it('are written only where something has changed', async () => {
      const claims = { groups: ['a'], dept: 'R&D' };
      await signIn('quiet', claims);
      const { lost } = await withLostStatements(mapping, /START TRANSACTION|UPDATE users/, () =>
        signIn('quiet', claims),
      );
      expect(lost).toBe(0);
    });

    it('concurrent sign-ins leave one of the answers, whole', async () => {
      const one = { groups: ['one'], dept: 'one' };
      const two = { groups: ['two'], dept: 'two' };
      const { subject } = await signIn('parallel', one);
      await Promise.all(Array.from({ length: 10 }, (_, index) => signIn('parallel', index % 2 ? one : two)));
      const { groups, attributes } = (await usersOf(mapping).find(subject))!;
      expect(attributes).toEqual({ department: groups[0] });
    });
  });

  describe('the next sign-in', () => {
    it('the next sign-in finds the same user and updates the claims', async () => {
      const account = newAccount();
      const first = await userOf(account, {
        preferred_username: 'jana',
        email: 'a@example.com',
        email_verified: true,
        locale: 'de',
      });
      const again = await userOf(account, { preferred_username: 'other', email: 'b@example.com' });
      expect(again).toMatchObject({ subject: first.subject, username: 'jana' });
      expect(again.claims).toEqual({
        preferred_username: 'other',
        email: 'b@example.com',
        email_verified: false,
        locale: 'de',
      });
    });

    it('the next sign-in writes nothing if nothing has changed', async () => {
      const account = newAccount();
      const claims = { name: 'Karl', address: { locality: 'Town' } };
      const before = await userOf(account, claims);
      app.clock.advanceSeconds(60);
      const { result, lost } = await withLostStatements(app, /START TRANSACTION|UPDATE users/, () =>
        link(account, claims, { correlationId: 'unchanged' }),
      );
      expect({ subject: result?.subject, lost }).toEqual({ subject: before.subject, lost: 0 });
      expect((await usersOf(app).find(before.subject))?.updatedAt).toEqual(before.updatedAt);
      expect(await auditUnder(app, 'unchanged')).toEqual([]);
    });

    it('the same subject at another issuer is another user', async () => {
      const account = newAccount();
      const here = await link(account);
      expect((await link(account, {}, { issuer: 'https://other.example' }))?.subject).not.toBe(here?.subject);
    });
  });

  describe('refused upstream users', () => {
    it('a disabled user cannot sign in until enabled', async () => {
      const account = newAccount();
      const { subject } = (await link(account))!;
      await setSubjectDisabled(app, subject, true);
      expect(await link(account, {}, { correlationId: 'disabled' })).toBeUndefined();
      expect(await auditUnder(app, 'disabled')).toMatchObject([
        { event: 'user.sign_in_refused', reason: 'user_disabled', subject },
      ]);
      await setSubjectDisabled(app, subject, false);
      expect(await link(account)).toMatchObject({ subject });
    });

    it('a deleted user cannot come back as a new one', async () => {
      const account = newAccount();
      const { subject } = (await link(account, { name: 'Lena' }))!;
      await usersOf(app).delete(subject, BY_TEST);
      expect(await link(account, { name: 'Lena' }, { correlationId: 'deleted' })).toBeUndefined();
      expect(await auditUnder(app, 'deleted')).toMatchObject([{ reason: 'user_deleted', subject }]);
      const [row] = await app.database.query<{ claims: object }[]>('SELECT claims FROM users WHERE subject = $1', [
        subject,
      ]);
      expect(row?.claims).toEqual({});
    });

    it.each(['', 'a\0b', 'x'.repeat(256)])('nobody signs in whose upstream subject is %j', async (account) => {
      expect(await link(account)).toBeUndefined();
    });
  });
});
