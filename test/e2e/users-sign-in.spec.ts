/** Signing in with a password, and that a refusal reveals nothing. */
import { performance } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PasswordHasher } from '../../src/passwords/password-hasher.service.js';
import { PasswordThreads, PasswordThreadsBusy } from '../../src/passwords/password-threads.service.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { auditUnder, authenticate, BY_TEST, createUser, PASSWORD, rowOf, usersOf } from '../support/users.js';

// Hashing has a low priority, so it may take long on a busy machine.
jest.setTimeout(120_000);

let app: TestApp;
let count = 0;

beforeAll(async () => {
  app = await startApp({ background: false });
});
afterAll(() => app.close());
afterEach(() => void jest.restoreAllMocks());

const newName = (): string => `anna${++count}`;
/** Each test has its own source address, so that the limits of another do not affect it. */
let source = '';
beforeEach(() => {
  source = `2001:db8:${(++count).toString(16)}::1`;
});

const signIn = (username: string, password: string, correlationId = 'test') =>
  authenticate(app, username, password, { source, correlationId });

describe('a user', () => {
  it('a user signs in with the right password, under any spelling of the username', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    for (const typed of [name, name.toUpperCase(), ` ${name} `]) {
      expect(await signIn(typed, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
    }
  });

  it('a user signs in with an e-mail address if it is the username, but not if it is a claim', async () => {
    const email = `${newName()}@example.com`;
    await createUser(app, newName(), { claims: { email } });
    expect(await signIn(email, PASSWORD)).toEqual({ verdict: 'refused' });
    const { subject } = await createUser(app, email);
    expect(await signIn(email, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
  });
});

describe('a refusal', () => {
  interface Case {
    readonly what: string;
    readonly reason: string;
    readonly prepare: (name: string) => Promise<string | undefined>;
    readonly password: string;
  }

  const cases: Case[] = [
    { what: 'an unknown user', reason: 'unknown_user', password: PASSWORD, prepare: async () => undefined },
    {
      what: 'a wrong password',
      reason: 'wrong_password',
      password: 'wrong password',
      prepare: async (name) => (await createUser(app, name)).subject,
    },
    {
      what: 'a user without a password',
      reason: 'no_password',
      password: '',
      prepare: async (name) => (await usersOf(app).create({ username: name }, BY_TEST)).subject,
    },
    {
      what: 'a disabled user with the right password',
      reason: 'user_disabled',
      password: PASSWORD,
      prepare: async (name) => {
        const { subject } = await createUser(app, name);
        await setSubjectDisabled(app, subject, true);
        return subject;
      },
    },
    {
      what: 'a deleted user',
      reason: 'unknown_user',
      password: PASSWORD,
      prepare: async (name) => {
        const { subject } = await createUser(app, name);
        await usersOf(app).delete(subject, BY_TEST);
        return undefined;
      },
    },
  ];

  it.each(cases)(
    '$what is refused like any other, with one hash of the current cost and the same number of statements',
    async (each) => {
      const name = newName();
      const subject = await each.prepare(name);
      await signIn(newName(), 'x'); // loads the kinds of password hashes
      const threads = jest.spyOn(app.nest.get(PasswordThreads, { strict: false }), 'run');
      const hashes = jest.spyOn(app.nest.get(PasswordHasher, { strict: false }), 'hash');
      const statements = jest.spyOn(app.database, 'createQueryRunner');
      const answer = await signIn(name, each.password, `refusal ${name}`);

      expect(JSON.stringify(answer)).toBe('{"verdict":"refused"}');
      expect(threads.mock.calls).toEqual([
        [
          expect.objectContaining({ kind: 'verify', hash: { scheme: 'argon2', encoded: expect.any(String) } }),
          expect.stringMatching(/^2001:db8:/), // whose turn it is
        ],
      ]);
      const [[task]] = threads.mock.calls as unknown as [[{ hash: { encoded: string } }]];
      expect(task.hash.encoded).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
      expect(hashes).not.toHaveBeenCalled();
      expect(statements).toHaveBeenCalledTimes(STATEMENTS);
      expect(await auditUnder(app, `refusal ${name}`)).toMatchObject([
        { event: 'user.sign_in_refused', reason: each.reason, subject: subject ?? null },
      ]);
    },
  );

  /** The user by name, the state of the subject, the user again; then the event. */
  const STATEMENTS = 4;

  it('a refusal never stores the typed username, which may be a password', async () => {
    const typed = 'hunter2-in-the-wrong-field';
    await signIn(typed, 'x', 'typed');
    expect(JSON.stringify(await auditUnder(app, 'typed'))).not.toContain(typed);
    expect(app.logs.join('')).not.toContain(typed);
  });

  it.each(['', ' ', 'a\0b', 'x'.repeat(300), '\ud800', '\u200b'])('%j is refused in the same way', async (typed) => {
    expect(await signIn(typed, PASSWORD)).toEqual({ verdict: 'refused' });
  });
});

describe('while the password is hashed', () => {
  /** The verdict of a right password if an action runs after the user was read and before the answer. */
  async function signInWhile(name: string, password: string, change: () => Promise<unknown>) {
    const hasher = app.nest.get(PasswordHasher, { strict: false });
    const verify = hasher.verify.bind(hasher);
    jest.spyOn(hasher, 'verify').mockImplementationOnce(async (...args) => {
      const match = await verify(...args);
      await change();
      return match;
    });
    return signIn(name, password);
  }

  it('a user disabled while the password is hashed is refused', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    const answer = await signInWhile(name, PASSWORD, () => setSubjectDisabled(app, subject, true));
    expect(answer).toEqual({ verdict: 'refused' });
  });

  it('a user deleted while the password is hashed is refused', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    const answer = await signInWhile(name, PASSWORD, () => usersOf(app).delete(subject, BY_TEST));
    expect(answer).toEqual({ verdict: 'refused' });
  });

  it('a password replaced during the hashing no longer signs in, and the new one does', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    const replace = () => usersOf(app).setPassword(subject, 'umbrella gravel tango', BY_TEST);
    expect(await signInWhile(name, PASSWORD, replace)).toEqual({ verdict: 'refused' });
    const back = () => usersOf(app).setPassword(subject, PASSWORD, BY_TEST);
    expect(await signInWhile(name, PASSWORD, back)).toMatchObject({ verdict: 'ok', subject });
  });
});

describe('fifty sign-ins at once', () => {
  it('fifty concurrent sign-ins are all answered, a few at a time, while the event loop stays responsive', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    const threads = app.nest.get(PasswordThreads, { strict: false });
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, threads.working)), 1);
    const before = performance.eventLoopUtilization();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => authenticate(app, name, PASSWORD, { source: `198.51.100.${index}` })),
    );
    const { utilization } = performance.eventLoopUtilization(before);
    clearInterval(watch);
    expect(answers).toMatchObject(new Array(50).fill({ verdict: 'ok', subject }));
    expect(most).toBeGreaterThanOrEqual(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(utilization).toBeLessThan(0.75);
  });

  it('sign-ins beyond the queue are asked to wait, and do not count as failures', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    const hasher = app.nest.get(PasswordHasher, { strict: false });
    jest.spyOn(hasher, 'verify').mockRejectedValueOnce(new PasswordThreadsBusy());
    expect(await signIn(name, PASSWORD)).toEqual({ verdict: 'throttled', retryAfterSeconds: 2 });
    expect(await signIn(name, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
  });
});

describe('an imported hash', () => {
  const foreign = async (passwordHash: string): Promise<{ name: string; subject: string }> => {
    const name = newName();
    const { subject } = await usersOf(app).create({ username: name, passwordHash }, BY_TEST);
    return { name, subject };
  };
  /** bcrypt of `pw`. */
  const BCRYPT = '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22';
  const CURRENT = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

  it('an imported hash is replaced by one of ours at the next sign-in, and only then', async () => {
    const { name, subject } = await foreign(BCRYPT);
    expect(await signIn(name, 'px')).toEqual({ verdict: 'refused' });
    expect((await rowOf(app, subject))?.password_hash).toBe(BCRYPT);
    expect(await signIn(name, 'pw')).toMatchObject({ verdict: 'ok', subject });
    const upgraded = (await rowOf(app, subject))?.password_hash;
    expect(upgraded).toMatch(CURRENT);
    expect(await signIn(name, 'pw')).toMatchObject({ verdict: 'ok', subject });
    expect((await rowOf(app, subject))?.password_hash).toBe(upgraded);
  });

  it('an argon2 hash with other parameters is replaced too', async () => {
    const { name, subject } = await foreign(
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    );
    expect(await signIn(name, 'password')).toMatchObject({ verdict: 'ok', subject });
    expect((await rowOf(app, subject))?.password_hash).toMatch(CURRENT);
  });

  it('concurrent sign-ins with an imported hash all succeed', async () => {
    const { name, subject } = await foreign(BCRYPT);
    const answers = await Promise.all(Array.from({ length: 5 }, () => signIn(name, 'pw')));
    expect(answers).toMatchObject(new Array(5).fill({ verdict: 'ok', subject }));
  });

  it('an imported hash is not put back if the password was changed meanwhile', async () => {
    const { name, subject } = await foreign(BCRYPT);
    const hasher = app.nest.get(PasswordHasher, { strict: false });
    const hash = hasher.hash.bind(hasher);
    jest.spyOn(hasher, 'hash').mockImplementationOnce(async (password) => {
      const upgraded = await hash(password);
      await usersOf(app).setPassword(subject, PASSWORD, BY_TEST);
      return upgraded;
    });
    await signIn(name, 'pw');
    expect(await signIn(name, 'pw')).toEqual({ verdict: 'refused' });
    expect(await signIn(name, PASSWORD)).toMatchObject({ verdict: 'ok', subject });
  });

  it('a sign-in succeeds even if its hash cannot be replaced right now', async () => {
    const { name, subject } = await foreign(BCRYPT);
    const hasher = app.nest.get(PasswordHasher, { strict: false });
    jest.spyOn(hasher, 'hash').mockRejectedValueOnce(new PasswordThreadsBusy());
    expect(await signIn(name, 'pw')).toMatchObject({ verdict: 'ok', subject });
    expect((await rowOf(app, subject))?.password_hash).toBe(BCRYPT);
  });
});
