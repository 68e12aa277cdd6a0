/** Unknown usernames take the time of existing ones, also with imported hashes. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PasswordDecoys } from '../../src/users/password-decoys.service.js';
import { isCurrent, type PasswordHash } from '../../src/passwords/password-hash.js';
import { PasswordThreads } from '../../src/passwords/password-threads.service.js';
import { UserRepository } from '../../src/users/user.repository.js';
import { eventually } from '../support/eventually.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { authenticate, BY_TEST, createUser, PASSWORD, usersOf } from '../support/users.js';

// Hashing has a low priority, so it may take long on a busy machine.
jest.setTimeout(120_000);

let app: TestApp;

/** bcrypt of `U*U`. */
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

const foreignHashes = [
  ['$2a$05', BCRYPT],
  [
    '$argon2i$v=19$m=65536,t=2,p=1',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  ],
  ['$pbkdf2-sha256$1212', '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ'],
  ['$pbkdf2$4096', '$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE'],
  ['pbkdf2_sha1$4096', 'pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE='],
] as const;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
afterEach(() => void jest.restoreAllMocks());

const decoys = (): PasswordDecoys => app.nest.get(PasswordDecoys, { strict: false });
const importUser = (username: string, passwordHash: string) => usersOf(app).create({ username, passwordHash }, BY_TEST);
const nobodies = Array.from({ length: 60 }, (_, index) => `nobody-${index}`);

async function kindsOfNobodies(): Promise<string[]> {
  const hashes = await Promise.all(nobodies.map((name) => decoys().for(name)));
  return hashes.map((hash: PasswordHash) => hash.scheme);
}

describe('without imported hashes', () => {
  it('without imported hashes, every unknown username takes the time of a current one', async () => {
    expect(await kindsOfNobodies()).toEqual(nobodies.map(() => 'argon2'));
    expect(await decoys().for('nobody')).toMatchObject({ encoded: expect.stringMatching(/m=19456,t=2,p=1/) });
  });
});

describe('with imported hashes', () => {
  beforeAll(async () => {
    await createUser(app, 'current');
    for (let index = 0; index < 4; index++) await importUser(`imported-${index}`, BCRYPT);
    app.clock.advance(600_000);
    await eventually(async () => expect(await kindsOfNobodies()).toContain('bcrypt')); // the reload runs in the background
  });

  it('with imported hashes, unknown usernames take the time of one of their kinds, always the same one', async () => {
    const kinds = await kindsOfNobodies();
    const [imported, current] = ['bcrypt', 'argon2'].map((kind) => kinds.filter((one) => one === kind).length);
    expect(imported! + current!).toBe(nobodies.length);
    expect(imported).toBeGreaterThan(current!);
    expect(current).toBeGreaterThan(0);
    expect(await kindsOfNobodies()).toEqual(kinds);
  });

  it('the password of the borrowed hash signs nobody in, and the work does not reveal unknown users', async () => {
    const run = jest.spyOn(app.nest.get(PasswordThreads, { strict: false }), 'run');
    const answers = await Promise.all(
      nobodies.slice(0, 20).map((name, index) => authenticate(app, name, 'U*U', { source: `2001:db8:${index}::1` })),
    );
    expect(answers).toEqual(answers.map(() => ({ verdict: 'refused' })));
    const hashes = run.mock.calls.map(([task]) => (task as { hash: PasswordHash }).hash);
    expect(hashes).toContainEqual({ scheme: 'bcrypt', encoded: BCRYPT });
    expect(run).toHaveBeenCalledTimes(20); // no rehashing
    expect((await authenticate(app, 'imported-0', 'U*U')).verdict).toBe('ok');
    expect((await authenticate(app, 'current', PASSWORD)).verdict).toBe('ok');
  });

  it('a failed reload of the kinds does not affect sign-ins', async () => {
    const repository = app.nest.get(UserRepository, { strict: false });
    const read = jest.spyOn(repository, 'passwordKinds').mockRejectedValueOnce(new Error('away'));
    app.clock.advance(600_000);
    const before = await kindsOfNobodies();
    expect(await kindsOfNobodies()).toEqual(before);
    expect(read).toHaveBeenCalled();
  });
});

it('if the first load fails, the right password works, and the load is not retried each time', async () => {
  const other = await startApp();
  try {
    const repository = other.nest.get(UserRepository, { strict: false });
    const read = jest.spyOn(repository, 'passwordKinds').mockRejectedValue(new Error('canceling statement'));
    await createUser(other, 'somebody');
    expect((await authenticate(other, 'somebody', PASSWORD)).verdict).toBe('ok');
    expect((await authenticate(other, 'nobody', PASSWORD)).verdict).toBe('refused');
    expect(read).toHaveBeenCalledTimes(1);
    read.mockRestore();
    other.clock.advance(60_000);
    expect((await authenticate(other, 'somebody', PASSWORD)).verdict).toBe('ok');
  } finally {
    await other.close();
  }
});

it.each(foreignHashes)('the kind of a hash is its beginning: %s', async (name, hash) => {
  await importUser(`of ${name}`, hash);
  const kinds = await app.nest.get(UserRepository, { strict: false }).passwordKinds();
  expect(kinds.find((kind) => kind.name === name)?.example).toBe(hash);
  expect(kinds.filter(({ example }) => isCurrent(example))).toHaveLength(1);
});
