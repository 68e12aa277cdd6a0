/** Users through the admin API. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Consents } from '../../src/consent/consents.service.js';
import { UserRepository } from '../../src/users/user.repository.js';
import { RevocationTracker } from '../../src/revocation/revocation-tracker.js';
import { admin, callAdmin, column, wrongFields, type Admin } from '../support/admin.js';
import { auditOf, auditOfSession } from '../support/audit-trail.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { refresh, type Answer } from '../support/requests.js';
import { expectActive, expectInactive, startSession } from '../support/sessions.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { authenticate, PASSWORD, usersOf } from '../support/users.js';

const BCRYPT = '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22'; // of `pw`

let app: TestApp;
let caller: Admin;
let client: TestClient;
let count = 0;

beforeAll(async () => {
  app = await startApp({ background: false });
  caller = await admin(app);
  client = await confidentialClient(app);
});
afterAll(() => app.close());
let mayFail = false;
afterEach(() => {
  const errors = serverErrors(app);
  if (!mayFail) expect(errors).toEqual([]);
  mayFail = false;
});

const newName = (): string => `mona${++count}`;
const path = (subject: string, rest = ''): string => `/users/${encodeURIComponent(subject)}${rest}`;

async function created(fields: Record<string, unknown> = {}): Promise<Record<string, string>> {
  const { status, body } = await caller.post('/users', { username: newName(), password: PASSWORD, ...fields });
  expect(status).toBe(201);
  return body as Record<string, string>;
}

/** Starts a login session of the user, like the sign-in page. @returns its id */
async function beginLoginSession(subject: string): Promise<string> {
  const id = randomUUID();
  const now = new Date(app.clock.now());
  await app.database.query(
    `INSERT INTO login_sessions
       (id, cookie_digest, subject, auth_time, acr, amr, source, user_agent, created_at, last_used_at, expires_at)
     VALUES ($1, $2, $3, $4, 'test', '{}', '192.0.2.1', '', $4, $4, $5)`,
    [id, Buffer.from(id), subject, now, new Date(now.getTime() + 3_600_000)],
  );
  return id;
}

const usernames = async (query: Record<string, string>): Promise<string[]> =>
  column(await caller.get(`/users?${new URLSearchParams(query).toString()}`), 'username');

describe('the search for users', () => {
  beforeAll(async () => {
    await created({ username: 'Searched.One', claims: { email: 'Ottilie@example.com', name: 'Ottilie Quast' } });
    await created({ username: 'searched_two', claims: { name: 'Otto 100%', family_name: 'Quasten' } });
    await created({ username: 'zzz', subject: 'Legacy-4711' });
  });

  it.each([
    ['SEARCHED', ['Searched.One', 'searched_two']],
    ['searched.', ['Searched.One']],
    ['searched_', ['searched_two']],
    ['ottilie@', ['Searched.One']],
    ['otto 100%', ['searched_two']],
    ['quast', ['searched_two']],
    ['Legacy-', ['zzz']],
    ['legacy-', []],
    ['%', []],
    ['\\', []],
    ['nobody', []],
  ])('%j finds %j by what a name begins with', async (search, expected) => {
    expect((await usernames({ search })).sort()).toEqual(expected);
  });

  it('the pages of a search follow each other', async () => {
    const first = await caller.get('/users?search=searched&limit=1');
    const second = await caller.get(`/users?search=searched&limit=1&cursor=${first.body.next_cursor}`);
    expect([...column(first, 'username'), ...column(second, 'username')].sort()).toEqual([
      'Searched.One',
      'searched_two',
    ]);
    expect(second.body.next_cursor).toBeUndefined();
  });

  it('a deleted user is not found', async () => {
    const { subject } = await created({ username: 'soon-gone' });
    await caller.delete(path(subject!));
    expect(await usernames({ search: 'soon-' })).toEqual([]);
  });

  it('every part of the search has its index', async () => {
    const runner = app.database.createQueryRunner();
    await runner.startTransaction();
    try {
      // In a small table PostgreSQL reads all of it.
      await runner.query(
        `INSERT INTO users (subject, username, username_key, claims, created_at, updated_at)
         SELECT md5(n::text), n, n, json_build_object('email', n, 'name', n, 'family_name', n), now(), now()
         FROM generate_series(1, 5000) AS n`,
      );
      await runner.query('ANALYZE users');
      const [statement, parameters] = app.nest
        .get(UserRepository)
        .listing(50, undefined, '471')
        .getQueryAndParameters();
      const steps = (await runner.query(`EXPLAIN ${statement}`, parameters)) as unknown as { 'QUERY PLAN': string }[];
      const plan = steps.map((step) => step['QUERY PLAN']).join('\n');
      for (const name of ['username', 'email', 'name', 'family_name', 'subject']) {
        expect(plan).toContain(`Index Scan on users_${name}_search`);
      }
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });
});

const hasEnded = async (sessionId: string): Promise<boolean> => {
  const [row] = await app.database.query<{ ended: boolean }[]>(
    'SELECT ended_at IS NOT NULL AS ended FROM login_sessions WHERE id = $1',
    [sessionId],
  );
  return row!.ended;
};

describe('a user', () => {
  it('a user is created, shown, listed, changed and deleted', async () => {
    const username = newName();
    const claims = { name: 'Mona', email: 'mona@example.com', email_verified: true, address: { country: 'TW' } };
    const answer = await caller.post('/users', { username, password: PASSWORD, claims });
    expect(answer.status).toBe(201);
    const now = new Date(app.clock.now()).toISOString();
    expect(answer.body).toEqual({
      subject: expect.stringMatching(/^[0-9a-f-]{36}$/),
      username,
      claims,
      groups: [],
      attributes: {},
      has_password: true,
      password_changed_at: now,
      disabled: false,
      admin_roles: [],
      created_at: now,
      updated_at: now,
    });
    const { subject } = answer.body as { subject: string };
    expect((await caller.get(path(subject))).body).toEqual(answer.body);
    expect((await caller.get('/users?limit=200')).body.items).toContainEqual(answer.body);
    expect(await authenticate(app, username, PASSWORD)).toMatchObject({ verdict: 'ok', subject });

    app.clock.advanceSeconds(60);
    const patched = await caller.patch(path(subject), { claims: { name: 'Mona M' } });
    expect(patched.body).toMatchObject({ username, claims: { name: 'Mona M' }, created_at: now });
    expect(patched.body.updated_at).toBe(new Date(app.clock.now()).toISOString());

    expect((await caller.delete(path(subject))).status).toBe(204);
    for (const gone of [await caller.get(path(subject)), await caller.delete(path(subject))]) {
      expect(gone.status).toBe(404);
    }
    expect(column(await caller.get('/users?limit=200'), 'subject')).not.toContain(subject);
  });

  it('a user needs no password and no claims', async () => {
    const { body } = await caller.post('/users', { username: newName() });
    expect(body).toMatchObject({ has_password: false, claims: {} });
    expect(body).not.toHaveProperty('password_changed_at');
  });

  it('a user may have a given subject of any printable characters', async () => {
    const subject = 'auth0|é/1';
    await created({ subject });
    expect((await caller.get(path(subject))).body.subject).toBe(subject);
  });

  it('a user is found by username, in any spelling', async () => {
    const user = await created({ username: `${newName()}@Example.com` });
    const { body } = await caller.get(`/users?username=${encodeURIComponent(user.username!.toUpperCase())}`);
    expect(body).toEqual({ items: [user] });
    expect((await caller.get('/users?username=nobody')).body).toEqual({ items: [] });
    expect((await caller.get('/users?username=%00')).status).toBe(400);
  });

  it('changes to a user are in the audit log with the admin’s name', async () => {
    const answer = await caller.post('/users', { username: newName() });
    const { subject } = answer.body as { subject: string };
    const changed = await caller.patch(path(subject), { username: newName() });
    const by = { subject, actor: `client:${caller.client.clientId}` };
    expect(await auditOf(app, answer)).toMatchObject([{ event: 'user.created', ...by }]);
    expect(await auditOf(app, changed)).toMatchObject([
      { event: 'user.updated', ...by, detail: { fields: ['username'] } },
    ]);
  });

  it('an invalid user is refused with all invalid fields', async () => {
    const answer = await caller.post('/users', {
      username: ' x',
      subject: 'client:1',
      claims: { email: 'x', gender: 1 },
    });
    expect(answer.status).toBe(400);
    expect(wrongFields(answer).sort()).toEqual(['claims.email', 'claims.gender', 'subject', 'username']);
  });

  it.each([
    ['username', {}],
    ['username', { username: 5 }],
    ['password', { username: 'x', password: 12345678 }],
    ['password', { username: 'x', password: null }],
    ['password', { username: 'x', password: 'too short' }],
    ['password', { username: 'x', password: 'passwordpassword' }],
    ['claims', { username: 'x', claims: 'Anna' }],
    ['claims', { username: 'x', claims: [] }],
    ['claims.sub', { username: 'x', claims: { sub: 'x' } }],
    ['password_hash', { username: 'x', password_hash: BCRYPT }],
    ['disabled', { username: 'x', disabled: true }],
  ])('a user cannot have this %s: %j', async (field, body) => {
    const answer = await caller.post('/users', body);
    expect(answer.status).toBe(400);
    expect(wrongFields(answer)).toEqual([field]);
  });

  it('a username or subject of another user is refused with 409', async () => {
    const user = await created();
    const sameName = await caller.post('/users', { username: user.username!.toUpperCase() });
    expect([sameName.status, sameName.body.detail]).toEqual([409, 'The username is taken.']);
    const sameSubject = await caller.post('/users', { username: newName(), subject: user.subject });
    expect([sameSubject.status, sameSubject.body.detail]).toEqual([409, 'The subject is taken.']);
    const other = await created();
    expect((await caller.patch(path(other.subject!), { username: user.username })).status).toBe(409);
  });

  it('of concurrent requests for one username one succeeds', async () => {
    const username = newName();
    const answers = await Promise.all(Array.from({ length: 10 }, () => caller.post('/users', { username })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array<number>(9).fill(409)]);
  });

  it('a change cannot make a user invalid', async () => {
    const { subject } = await created();
    for (const body of [
      { subject: 'x' },
      { has_password: false },
      { password: PASSWORD },
      { disabled: 'yes' },
      { claims: null },
    ]) {
      expect((await caller.patch(path(subject!), body)).status).toBe(400);
    }
    expect((await caller.patch(path('nobody'), { disabled: true })).status).toBe(404);
    expect((await caller.post(path('nobody', '/password'), { password: PASSWORD })).status).toBe(404);
  });

  it('a user is shown only to admins', async () => {
    for (const [method, at] of [
      ['GET', '/users'],
      ['POST', '/users/import'],
      ['DELETE', path('x')],
    ] as const) {
      expect((await callAdmin(app, method, at, {}, method === 'POST' ? {} : undefined)).status).toBe(401);
    }
  });
});

describe('groups and attributes', () => {
  const groups = ['platform', 'on-call'];
  const attributes = { department: 'Research', roles: ['editor'], 'cognito:groups': { deep: [1, null] } };

  it('groups and attributes are stored, shown and changed, by name in the audit log', async () => {
    const user = await created({ groups, attributes });
    expect(user).toMatchObject({ groups, attributes });
    expect((await caller.get(path(user.subject!))).body).toEqual(user);
    const changed = await caller.patch(path(user.subject!), {
      groups: ['platform', 'sales'],
      attributes: { department: null, level: 3 },
    });
    expect(changed.body).toMatchObject({ groups: ['platform', 'sales'], claims: {} });
    expect(changed.body.attributes).toEqual({ roles: ['editor'], 'cognito:groups': { deep: [1, null] }, level: 3 });
    expect(await auditOf(app, changed)).toMatchObject([{ detail: { fields: ['groups', 'attributes'] } }]);
    expect((await caller.get(path(user.subject!))).body).toEqual(changed.body);
  });

  it('groups can be joined and left one by one', async () => {
    const { subject } = await created({ groups });
    const { body } = await caller.patch(path(subject!), {
      add_groups: ['sales', 'platform'],
      remove_groups: ['on-call'],
    });
    expect(body.groups).toEqual(['platform', 'sales']);
  });

  it('of admins who change one user at the same time, none loses anything', async () => {
    const { subject } = await created({ groups: ['before'] });
    const names = Array.from({ length: 10 }, (_, index) => `g${index}`);
    const answers = await Promise.all(
      names.flatMap((name) => [
        caller.patch(path(subject!), { add_groups: [name] }),
        caller.patch(path(subject!), { attributes: { [name]: name } }),
      ]),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(200));
    const { body } = await caller.get(path(subject!));
    expect((body.groups as string[]).sort()).toEqual(['before', ...names]);
    expect(Object.keys(body.attributes as object).sort()).toEqual(names);
  });

  it('a user has 500 groups at most, and is told so, however they come', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`);
    const { subject } = await created({ groups: many(500) });
    for (const answer of [
      await caller.post('/users', { username: newName(), groups: many(501) }),
      await caller.patch(path(subject!), { groups: many(501) }),
      await caller.patch(path(subject!), { add_groups: ['one more'] }),
    ]) {
      expect([answer.status, wrongFields(answer)]).toEqual([400, ['groups']]);
      expect(JSON.stringify(answer.body.errors)).toContain('500');
    }
    const far = await caller.post('/users', { username: newName(), groups: many(10_000) });
    expect([far.status, far.body.detail]).toEqual([413, 'The request is too large: a body has 16 KiB at most.']);
    expect((await caller.get(path(subject!))).body.groups).toHaveLength(500);
  });

  it.each([
    ['groups', { groups: 'platform' }],
    ['groups', { groups: [1] }],
    ['groups', { groups: ['a', 'a'] }],
    ['groups', { groups: null }],
    ['groups', { groups: [' a'] }],
    ['attributes', { attributes: ['a'] }],
    ['attributes', { attributes: { sub: 'x' } }],
    ['attributes', { attributes: { email: 'x' } }],
    ['attributes.roles', { attributes: { roles: 'admin' } }],
  ])('a user cannot have these %s: %j', async (field, body) => {
    const refused = await caller.post('/users', { username: newName(), ...body });
    expect([refused.status, wrongFields(refused)]).toEqual([400, [field]]);
    const { subject } = await created();
    expect((await caller.patch(path(subject!), body)).status).toBe(400);
  });

  it('a change that would break a rule together with what is stored changes nothing', async () => {
    const big = 'x'.repeat(5000);
    const { subject } = await created({ attributes: { one: big } });
    const answer = await caller.patch(path(subject!), { attributes: { two: big }, claims: { name: 'Changed' } });
    expect([answer.status, wrongFields(answer)]).toEqual([400, ['attributes']]);
    expect((await caller.get(path(subject!))).body).toMatchObject({ claims: {}, attributes: { one: big } });
  });
});

it('the user list is paged', async () => {
  for (let index = 0; index < 3; index += 1) await created();
  const all = column(await caller.get('/users?limit=200'), 'subject');
  const found: string[] = [];
  let page: Answer = await caller.get('/users?limit=2');
  for (;;) {
    found.push(...column(page, 'subject'));
    if (page.body.next_cursor === undefined) break;
    page = await caller.get(`/users?limit=2&cursor=${page.body.next_cursor as string}`);
  }
  expect(found).toEqual(all);
  expect(all.length).toBeGreaterThan(3);
});

describe('a user who is disabled', () => {
  it('a disabled user cannot sign in and has no live access token; everything continues when they are enabled', async () => {
    const { subject, username } = await created();
    const session = await startSession(app, client, { subject: subject! });
    const answer = await caller.patch(path(subject!), { disabled: true });
    expect(answer.body).toMatchObject({ subject, disabled: true });
    expect((await caller.get('/users?limit=200')).body.items).toContainEqual(
      expect.objectContaining({ subject, disabled: true }),
    );
    expect((await caller.get(`/subjects/${subject!}`)).body.disabled).toBe(true);
    await expectInactive(app, client, session.accessToken);
    expect((await refresh(app, client, session.refreshToken)).body.error).toBe('invalid_grant');
    expect(await authenticate(app, username!, PASSWORD)).toEqual({ verdict: 'refused' });
    expect(await auditOf(app, answer)).toMatchObject([{ event: 'subject.disabled', subject }]);

    expect((await caller.patch(path(subject!), { disabled: false })).body.disabled).toBe(false);
    app.clock.advanceSeconds(3);
    expect((await refresh(app, client, session.refreshToken)).status).toBe(200);
    expect(await authenticate(app, username!, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
  });

  it('disabling and the other changes of one request take effect together or not at all', async () => {
    mayFail = true;
    const { subject, username } = await created();
    const patch = () => caller.patch(path(subject!), { claims: { name: 'Changed' }, disabled: true });
    const { result, lost } = await withLostStatements(app, /INSERT INTO revocations/, patch);
    expect(lost).toBe(1);
    expect(result.status).toBe(503);
    expect((await caller.get(path(subject!))).body).toMatchObject({ username, claims: {}, disabled: false });
    expect((await patch()).body).toMatchObject({ claims: { name: 'Changed' }, disabled: true });
  });
});

describe('a new password', () => {
  const NEW = 'umbrella gravel tango';

  it('a new password replaces the old one, and ends the login sessions and their families, except offline ones', async () => {
    const { subject, username } = await created();
    const loginSession = await beginLoginSession(subject!);
    const [bound, offline] = [
      await startFamily(app, client, { subject: subject! }),
      await startFamily(app, client, { subject: subject! }),
    ];
    await app.database.query('UPDATE token_families SET offline = false, session_id = $2 WHERE family_id = $1', [
      bound.familyId,
      loginSession,
    ]);
    const { body: tokens } = await refresh(app, client, bound.refreshToken);
    const other = await startSession(app, client, { subject: 'somebody else' });

    app.clock.advanceSeconds(1);
    const answer = await caller.post(path(subject!, '/password'), { password: NEW });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await authenticate(app, username!, PASSWORD)).toEqual({ verdict: 'refused' });
    expect(await authenticate(app, username!, NEW)).toMatchObject({ verdict: 'ok', subject });
    expect(await hasEnded(loginSession)).toBe(true);
    expect((await refresh(app, client, tokens.refresh_token as string)).body.error).toBe('invalid_grant');
    await expectInactive(app, client, tokens.access_token as string);
    const again = await refresh(app, client, offline.refreshToken);
    expect(again.status).toBe(200);
    await expectActive(app, client, again.body.access_token as string, other.accessToken);
    const events = (await auditOf(app, answer)).map(({ event }) => event);
    expect(events.sort()).toEqual(['revocation.created', 'session.ended', 'user.password_changed']);
  });

  it('a new password and the sessions that it ends are one transaction', async () => {
    mayFail = true;
    const { subject, username } = await created();
    const loginSession = await beginLoginSession(subject!);
    const set = () => caller.post(path(subject!, '/password'), { password: NEW });
    for (const statement of [
      /UPDATE login_sessions/,
      /INSERT INTO revocations/,
      /'?session\.ended|INSERT INTO audit_events/,
    ]) {
      const { result, lost } = await withLostStatements(app, statement, set);
      expect(lost).toBeGreaterThanOrEqual(1);
      expect(result.status).toBe(503);
      expect(await authenticate(app, username!, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
      expect(await hasEnded(loginSession)).toBe(false);
    }
    expect((await set()).status).toBe(204);
    expect(await hasEnded(loginSession)).toBe(true);
  });

  it('a new password must satisfy the policy', async () => {
    const { subject, username } = await created();
    for (const password of [
      '',
      'too short',
      'passwordpassword',
      `${username!}${username!}${username!}`,
      'x'.repeat(1025),
    ]) {
      const answer = await caller.post(path(subject!, '/password'), { password });
      expect([answer.status, ...wrongFields(answer)]).toEqual([400, 'password']);
      if (password !== '') expect(answer.text).not.toContain(password);
    }
  });

  it('the minimum password length is a setting', async () => {
    const lenient = await startApp({ environment: { REKEY_PASSWORD_MIN_CHARACTERS: '8' } });
    try {
      const by = { actor: 'test', correlationId: 'test' };
      expect((await usersOf(lenient).create({ username: 'nora', password: 'kx7Rvqpz' }, by)).subject).toBeDefined();
      await expect(usersOf(lenient).create({ username: 'nora2', password: 'kx7Rvqp' }, by)).rejects.toThrow(
        /at least 8/,
      );
    } finally {
      await lenient.close();
    }
  });
});

describe('a user who is deleted', () => {
  it('deleting a user signs them out everywhere and revokes all their families', async () => {
    const { subject, username } = await created();
    const loginSession = await beginLoginSession(subject!);
    const session = await startSession(app, client, { subject: subject! });
    await app.database.query(
      `INSERT INTO consents (subject, client_id, scope, claims, granted_at, updated_at) VALUES ($1, $2, '{a}', '{}', now(), now())`,
      [subject, client.clientId],
    );
    const other = await startSession(app, client, { subject: 'somebody else' });

    const answer = await caller.delete(path(subject!));
    expect(answer.status).toBe(204);
    expect(await authenticate(app, username!, PASSWORD)).toEqual({ verdict: 'refused' });
    expect(await hasEnded(loginSession)).toBe(true);
    expect((await refresh(app, client, session.refreshToken)).body.error).toBe('invalid_grant');
    await expectInactive(app, client, session.accessToken);
    await expectActive(app, client, other.accessToken);
    expect(await app.database.query('SELECT 1 FROM consents WHERE subject = $1', [subject])).toEqual([]);
    const events = (await auditOf(app, answer)).map(({ event }) => event);
    expect(events.sort()).toEqual(['revocation.created', 'session.ended', 'subject.disabled', 'user.deleted']);
  });

  it('requests under way during the deletion of a user yield nothing', async () => {
    const { subject } = await created();
    await caller.delete(path(subject!));
    const { refreshToken } = await startFamily(app, client, { subject: subject! });
    expect((await refresh(app, client, refreshToken)).body.error).toBe('invalid_grant');
  });

  it('after a deadlock, exactly the revocations that were committed are published', async () => {
    const { subject } = await created();
    const last = jest.spyOn(app.nest.get(Consents, { strict: false }), 'deleteAll');
    last.mockRejectedValueOnce(Object.assign(new Error('deadlock detected'), { code: '40P01' }));
    const told = jest.spyOn(app.nest.get(RevocationTracker, { strict: false }), 'add');
    const { status } = await caller.delete(path(subject!));
    const revocations = told.mock.calls.flatMap(([added]) => added);
    const times = last.mock.calls.length;
    jest.restoreAllMocks();
    expect([status, times]).toEqual([204, 2]);
    const stored = await app.database.query<object[]>(
      `SELECT 1 FROM revocations WHERE kind = 'subject' AND value = $1`,
      [subject],
    );
    expect(revocations).toHaveLength(stored.length);
  });

  it('the deletion of a user is one transaction', async () => {
    mayFail = true;
    const { subject, username } = await created();
    const loginSession = await beginLoginSession(subject!);
    const session = await startSession(app, client, { subject: subject! });
    const statements = [
      /UPDATE users/,
      /INSERT INTO audit_events/,
      /INSERT INTO subjects/,
      /UPDATE login_sessions/,
      /UPDATE token_families/,
      /INSERT INTO revocations/,
      /DELETE FROM consents/,
    ];
    for (const statement of statements) {
      const { result, lost } = await withLostStatements(app, statement, () => caller.delete(path(subject!)));
      expect({ statement, lost: lost > 0, status: result.status }).toEqual({ statement, lost: true, status: 503 });
      expect((await caller.get(path(subject!))).body).toMatchObject({ username, disabled: false });
      expect(await hasEnded(loginSession)).toBe(false);
      await expectActive(app, client, session.accessToken);
    }
    expect((await refresh(app, client, session.refreshToken)).status).toBe(200);
    expect((await caller.delete(path(subject!))).status).toBe(204);
  });
});

describe('an import', () => {
  const importing = (users: unknown): Promise<Answer> => caller.post('/users/import', users);

  it('an import stores the valid users and reports the outcome of each', async () => {
    const taken = await created();
    const [one, two] = [newName(), newName()];
    const answer = await importing([
      { username: one, password_hash: BCRYPT, claims: { email: 'one@example.com' } },
      { username: ' bad', claims: { email: 'x' } },
      { username: taken.username },
      'no object',
      { username: two, subject: `${two}-id` },
      { username: newName(), password_hash: '$1$md5' },
      { username: newName(), password: PASSWORD },
      { username: newName(), subject: taken.subject },
      { username: taken.username, subject: 'another' },
      { username: two.toUpperCase() },
    ]);
    expect(answer.status).toBe(200);
    const { results } = answer.body as {
      results: { index: number; result: string; subject?: string; errors?: { field: string }[] }[];
    };
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(
      results.map(({ result, subject, errors }) => [result, errors?.map(({ field }) => field) ?? subject]),
    ).toEqual([
      ['created', expect.stringMatching(/^[0-9a-f-]{36}$/)],
      ['invalid', ['username', 'claims.email']],
      ['exists', taken.subject],
      ['invalid', ['item']],
      ['created', `${two}-id`],
      ['invalid', ['password_hash']],
      ['invalid', ['password']],
      ['exists', taken.subject],
      ['invalid', ['username']],
      ['exists', `${two}-id`],
    ]);
    expect(await authenticate(app, one, 'pw')).toMatchObject({ verdict: 'ok', subject: results[0]!.subject });
    expect((await auditOf(app, answer)).map(({ event, subject }) => [event, subject]).sort()).toEqual(
      [
        ['user.created', results[0]!.subject],
        ['user.created', `${two}-id`],
      ].sort(),
    );
  });

  it('of several users with one subject or username an import stores the first valid one', async () => {
    const taken = await created();
    const [one, two, three, name] = [newName(), newName(), newName(), newName()];
    const { body } = await importing([
      { username: `b-${name}`, subject: one },
      { username: `a-${name}`, subject: one },
      { username: taken.username, subject: two },
      { username: `d-${name}`, subject: two },
      { username: `D-${name}`, subject: three },
      { username: `c-${name}`, subject: three },
    ]);
    const results = body.results as { result: string }[];
    expect(results.map(({ result }) => result)).toEqual([
      'created',
      'exists',
      'exists',
      'created',
      'exists',
      'created',
    ]);
    for (const [subject, username] of [
      [one, `b-${name}`],
      [two, `d-${name}`],
      [three, `c-${name}`],
    ]) {
      expect((await caller.get(path(subject!))).body).toMatchObject({ username });
    }
  });

  it('repeating an import changes nothing', async () => {
    const users = Array.from({ length: 5 }, () => ({ username: newName(), claims: { name: 'First' } }));
    const first = await importing({ users });
    const again = await importing({ users: users.map((user) => ({ ...user, claims: { name: 'Second' } })) });
    const subjects = (answer: Answer) => (answer.body.results as { subject: string }[]).map(({ subject }) => subject);
    expect(subjects(again)).toEqual(subjects(first));
    expect((again.body.results as { result: string }[]).every(({ result }) => result === 'exists')).toBe(true);
    expect((await caller.get(path(subjects(first)[0]!))).body.claims).toEqual({ name: 'First' });
    expect(await auditOf(app, again)).toEqual([]);
  });

  it('concurrent imports of the same users create each of them once', async () => {
    const users = Array.from({ length: 20 }, () => ({ username: newName() }));
    const orders = [users, [...users].reverse(), users, [...users].reverse()];
    const answers = await Promise.all(orders.map((order) => importing(order)));
    const results = answers.flatMap((answer) => answer.body.results as { result: string }[]);
    expect(results.filter(({ result }) => result === 'created')).toHaveLength(20);
    expect(results.filter(({ result }) => result === 'exists')).toHaveLength(60);
  });

  it('an import refuses the subject of a deleted user', async () => {
    const { subject } = await created();
    await caller.delete(path(subject!));
    const { body } = await importing([{ username: newName(), subject }]);
    expect(body.results).toMatchObject([{ result: 'invalid', errors: [{ field: 'subject' }] }]);
  });

  it('a failed import stores nothing', async () => {
    mayFail = true;
    const users = [{ username: newName() }, { username: newName() }];
    const { result, lost } = await withLostStatements(app, /INSERT INTO audit_events/, () => importing(users));
    expect([lost, result.status]).toEqual([1, 503]);
    expect((await caller.get(`/users?username=${users[0]!.username}`)).body.items).toEqual([]);
  });

  it.each([[{}], [{ users: {} }], [{ users: [], more: 1 }], ['users'], [null], [Array.from({ length: 501 }, () => 0)]])(
    'an import refuses a body that is not a list: %#',
    async (body) => {
      const answer = await importing(body);
      expect(answer.status).toBe(400);
    },
  );

  it('an import may be empty', async () => {
    expect((await importing([])).body).toEqual({ results: [] });
  });
});

describe('sessions and consents of a user', () => {
  it('login sessions are listed and ended, once however often it is asked for, and with their event', async () => {
    const { subject = '' } = await created();
    const [first, second] = [await beginLoginSession(subject), await beginLoginSession(subject)];
    const listed = async () => column(await caller.get(path(subject, '/sessions')), 'session_id').sort();
    expect(await listed()).toEqual([first, second].sort());
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => caller.delete(path(subject, `/sessions/${first}`))),
    );
    for (const { status } of answers) expect([204, 404]).toContain(status);
    expect(answers.some(({ status }) => status === 204)).toBe(true);
    expect(await listed()).toEqual([second]);
    expect(await auditOfSession(app, first)).toMatchObject([{ subject, reason: 'admin_request' }]);
  });

  it('a session of another user, an unknown one and an unknown user are a 404, and end nothing', async () => {
    const [one, other] = [(await created()).subject!, (await created()).subject!];
    const session = await beginLoginSession(other);
    const paths = [`/sessions/${session}`, `/sessions/${randomUUID()}`, '/sessions/x'].map((rest) => path(one, rest));
    for (const each of [...paths, path('nobody', `/sessions/${session}`)]) {
      expect((await caller.delete(each)).status).toBe(404);
    }
    for (const each of ['/sessions', '/consents']) expect((await caller.get(path('nobody', each))).status).toBe(404);
    expect(column(await caller.get(path(other, '/sessions')), 'session_id')).toEqual([session]);
  });

  it('consents are listed with their scope', async () => {
    const { subject = '' } = await created();
    expect((await caller.get(path(subject, '/consents'))).body).toEqual({ items: [] });
    await app.database.query(
      `INSERT INTO consents (subject, client_id, scope, claims, granted_at, updated_at)
       VALUES ($1, $2, '{openid,read}', '{}', now(), now())`,
      [subject, client.clientId],
    );
    expect((await caller.get(path(subject, '/consents'))).body.items).toEqual([
      { client_id: client.clientId, scope: 'openid read', granted_at: expect.any(String) },
    ]);
  });
});

it('no password or hash is ever shown or logged', async () => {
  const { subject } = await created();
  const { body } = await caller.post('/users/import', [{ username: newName(), password_hash: BCRYPT }]);
  const imported = (body.results as { subject: string }[])[0]!.subject;
  const answers = [
    await caller.get(path(subject!)),
    await caller.get(path(imported)),
    await caller.get('/users?limit=200'),
    await caller.patch(path(imported), { claims: {} }),
    await caller.get('/audit?limit=200'),
    await caller.post('/users', { username: 'x', password: `${PASSWORD}\ud800` }),
    await caller.post('/users/import', [{ username: 'x', password_hash: `${BCRYPT}x` }]),
  ];
  for (const text of [...answers.map((answer) => answer.text), app.logs.join('')]) {
    expect(text).not.toMatch(/\$argon2\w+\$|\$2b\$\d/);
    expect(text).not.toContain(PASSWORD);
  }
});
