/** Users who sign in through the upstream provider, identified by issuer and subject only. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withLostStatements } from '../support/failing-statements.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { auditUnder, authenticate, BY_TEST, createUser, usersOf } from '../support/users.js';

const ISSUER = 'https://upstream.example';

let app: TestApp;
let count = 0;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

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
    const answers = await Promise.all(Array.from({ length: 20 }, () => link(account, { preferred_username: 'emil' })));
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
    await link(account, claims, { correlationId: 'unchanged' });
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
