/** Users on two replicas with one PostgreSQL and one Redis, with real concurrency. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ScopesService } from '../../src/scopes/scopes.service.js';
import { UserImport } from '../../src/users/user-import.service.js';
import { UserRepository } from '../../src/users/user.repository.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { freshDatabase, freshRedis } from '../support/test-servers.js';
import { authenticate, BY_TEST, createUser, PASSWORD, usersOf } from '../support/users.js';

const LIMIT = 5;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let redis: Awaited<ReturnType<typeof freshRedis>>;
let replicas: [TestApp, TestApp];

beforeAll(async () => {
  [database, redis] = await Promise.all([freshDatabase(), freshRedis()]);
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    REKEY_FAILED_SIGN_INS_PER_MINUTE: String(LIMIT),
  };
  replicas = [await startApp({ environment }), await startApp({ environment })];
}, 60_000);
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.release();
  await redis.release();
}, 60_000);

/** Runs the action on both replicas, many times at once. */
const everywhere = <T>(times: number, action: (app: TestApp) => Promise<T>): Promise<PromiseSettledResult<T>[]> =>
  Promise.allSettled(Array.from({ length: times }, (_, index) => action(replicas[index % 2]!)));

const usersLike = async (pattern: string): Promise<number> => {
  const [row] = await replicas[0].database.query<[{ count: number }]>(
    'SELECT count(*)::int AS count FROM users WHERE username LIKE $1',
    [pattern],
  );
  return row.count;
};

it('the kinds of very many password hashes are estimated from a sample with the right shares', async () => {
  // Own connection: the service's statement timeout is a second, and these take half of it on an idle machine.
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  await connection.query(
    `
    INSERT INTO users (subject, username, username_key, password_hash, claims, created_at, updated_at)
    SELECT 'many-' || n, 'many-' || n, 'many-' || n, CASE WHEN n % 4 = 0 THEN $1 ELSE $2 END, '{}', now(), now()
    FROM generate_series(1, 100000) n`,
    [
      '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22',
      '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    ],
  );
  const kinds = await replicas[0].nest.get(UserRepository, { strict: false }).passwordKinds();
  await connection.query(`DELETE FROM users WHERE subject LIKE 'many-%'`);
  await connection.end();
  const [bcrypt, all] = [
    kinds.find(({ name }) => name === '$2b$10')?.users ?? 0,
    kinds.reduce((sum, { users }) => sum + users, 0),
  ];
  expect(all).toBeGreaterThan(10_000);
  expect(all).toBeLessThan(30_000);
  expect(bcrypt / all).toBeCloseTo(0.25, 1);
});

describe('at the same time on two replicas', () => {
  it('one username makes one user', async () => {
    const outcomes = await everywhere(20, (app) => usersOf(app).create({ username: 'one' }, BY_TEST));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'UserTaken', field: 'username' });
    }
    expect(await usersLike('one')).toBe(1);
  });

  it('changes of one user lose neither a group nor an attribute', async () => {
    const { subject } = await createUser(replicas[0], 'changed', { groups: ['before'] });
    const names = Array.from({ length: 20 }, (_, index) => `g${index}`);
    const rest = [...names];
    const outcomes = await everywhere(names.length, (app) => {
      const name = rest.pop()!;
      return usersOf(app).update(subject, { addGroups: [name], attributes: { [name]: 1 } }, BY_TEST);
    });
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    const user = (await usersOf(replicas[1]).find(subject))!;
    expect(new Set(user.groups)).toEqual(new Set(['before', ...names]));
    expect(new Set(Object.keys(user.attributes))).toEqual(new Set(names));
  });

  it('changes of one scope lose nothing', async () => {
    const scopes = replicas.map((app) => app.nest.get(ScopesService, { strict: false }));
    const scope = { name: 'orders', textEn: 'x', textZhHant: null, claims: [], into: [], audience: null };
    await scopes[0]!.define(scope, BY_TEST);
    for (let round = 0; round < 10; round += 1) {
      const changes = { textEn: `text ${round}`, claims: [`claim${round}`] };
      await Promise.all([
        scopes[0]!.update('orders', { textEn: changes.textEn }, BY_TEST),
        scopes[1]!.update('orders', { claims: changes.claims }, BY_TEST),
      ]);
      expect(await scopes[0]!.find('orders')).toMatchObject(changes);
    }
  });

  it('one account at the upstream provider makes one user', async () => {
    const link = (app: TestApp) =>
      usersOf(app).findOrCreateLinked('https://upstream.example', 'account', { preferred_username: 'linked' }, BY_TEST);
    const outcomes = await everywhere(40, link);
    const subjects = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value?.subject : outcome.reason,
    );
    expect(new Set(subjects).size).toBe(1);
    expect(await usersLike('linked%')).toBe(1);
  });

  it('many accounts with one preferred username make as many users with different usernames', async () => {
    let account = 0;
    const outcomes = await everywhere(20, (app) =>
      usersOf(app).findOrCreateLinked(
        'https://upstream.example',
        `namesake-${++account}`,
        { preferred_username: 'namesake' },
        BY_TEST,
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await usersLike('namesake%')).toBe(20);
  });

  it('one file of users, in any order, creates each of them once', async () => {
    const users = Array.from({ length: 100 }, (_, index) => ({ username: `file-${index}` }));
    let turn = 0;
    const outcomes = await everywhere(10, (app) => {
      const order = ++turn % 3 === 0 ? [...users].reverse() : users;
      return app.nest.get(UserImport, { strict: false }).import(order, BY_TEST);
    });
    const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    expect(results.filter(({ result }) => result === 'created')).toHaveLength(100);
    expect(results.filter(({ result }) => result === 'exists')).toHaveLength(900);
    expect(await usersLike('file-%')).toBe(100);
  });

  it('an imported hash is replaced once, and every sign-in with the right password succeeds', async () => {
    const passwordHash = '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22'; // of `pw`
    const { subject } = await usersOf(replicas[0]).create({ username: 'imported', passwordHash }, BY_TEST);
    const outcomes = await everywhere(8, (app) => authenticate(app, 'imported', 'pw'));
    expect(outcomes).toMatchObject(new Array(8).fill({ status: 'fulfilled', value: { verdict: 'ok', subject } }));
    expect((await usersOf(replicas[1]).find(subject))?.passwordHash).toMatch(/^\$argon2id\$/);
  });

  it('a user who is deleted during sign-ins is gone', async () => {
    const { subject } = await createUser(replicas[0], 'leaving');
    const [deleted] = await Promise.all([
      usersOf(replicas[0]).delete(subject, BY_TEST),
      everywhere(6, (app) => authenticate(app, 'leaving', PASSWORD, { source: '192.0.2.77' })),
    ]);
    expect(deleted).toBe(true);
    expect(await authenticate(replicas[1], 'leaving', PASSWORD)).toEqual({ verdict: 'refused' });
    const [row] = await replicas[0].database.query<[object]>('SELECT * FROM users WHERE subject = $1', [subject]);
    expect(row).toMatchObject({ username: '', password_hash: null, known_sources: [] });
  });
});

it('failures on one replica count on the other', async () => {
  await createUser(replicas[0], 'guessed');
  const source = '198.51.100.9';
  for (let index = 0; index < LIMIT; index += 1) {
    expect(await authenticate(replicas[0], 'guessed', 'wrong', { source })).toEqual({ verdict: 'refused' });
  }
  expect(await authenticate(replicas[0], 'guessed', PASSWORD, { source })).toMatchObject({ verdict: 'throttled' });
  // The other replica learns of it when it counts a failure itself.
  expect(await authenticate(replicas[1], 'guessed', 'wrong', { source })).toEqual({ verdict: 'refused' });
  expect(await authenticate(replicas[1], 'guessed', PASSWORD, { source })).toMatchObject({ verdict: 'throttled' });
});
