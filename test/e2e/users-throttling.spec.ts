/** Password guessing is slowed down without letting attackers lock users out. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PasswordThreads } from '../../src/passwords/password-threads.service.js';
import { SignInLimits } from '../../src/users/sign-in-limits.service.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { auditUnder, authenticate, createUser, PASSWORD } from '../support/users.js';

const LIMIT = 5;
const SOURCE_LIMIT = 10 * LIMIT;

// Hashing has a low priority, so it may take long on a busy machine.
jest.setTimeout(120_000);

let app: TestApp;
let count = 0;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_FAILED_SIGN_INS_PER_MINUTE: String(LIMIT) } });
});
afterAll(() => app.close());
afterEach(() => void jest.restoreAllMocks());

const newName = (): string => `bert${++count}`;
const newSource = (): string => `2001:db8:${(++count).toString(16)}::1`;

const attempt = (name: string, password: string, source: string, correlationId = 'test') =>
  authenticate(app, name, password, { source, correlationId });

async function fail(times: number, name: string, source: string): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    expect(await attempt(name, 'wrong', source)).toEqual({ verdict: 'refused' });
  }
}

const throttled = { verdict: 'throttled', retryAfterSeconds: expect.any(Number) };
const hashed = () => jest.spyOn(app.nest.get(PasswordThreads, { strict: false }), 'run');

describe('many failures of one user from one source', () => {
  it('many failures of one user from one source block that pair, also for the right password, without hashing', async () => {
    const [name, other, source] = [newName(), newName(), newSource()];
    const { subject } = await createUser(app, name);
    await createUser(app, other);
    await fail(LIMIT, name, source);
    const hashes = hashed();
    for (const password of ['wrong', PASSWORD]) {
      const answer = await attempt(name, password, source, 'throttled');
      expect(answer).toEqual(throttled);
      const { retryAfterSeconds } = answer as { retryAfterSeconds: number };
      expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
      expect(retryAfterSeconds).toBeLessThanOrEqual(60);
    }
    expect(hashes).not.toHaveBeenCalled();
    expect(await auditUnder(app, 'throttled')).toEqual([]);
    expect(await attempt(name, PASSWORD, newSource())).toMatchObject({ verdict: 'ok', subject });
    expect(await attempt(other, PASSWORD, source)).toMatchObject({ verdict: 'ok' });
  });

  it('failures are counted under every spelling of the username', async () => {
    const [name, source] = [newName(), newSource()];
    for (const typed of [name, name.toUpperCase(), ` ${name}`, `${name} `, `Ｂ${name.slice(1)}`]) {
      await fail(1, typed, source);
    }
    expect(await attempt(name, 'wrong', source)).toEqual(throttled);
  });

  it('failures are counted for unknown usernames and for invalid ones, too', async () => {
    for (const name of ['nobody', 'x'.repeat(300)]) {
      const source = newSource();
      await fail(LIMIT, name, source);
      expect(await attempt(name, 'wrong', source)).toEqual(throttled);
    }
  });

  it('concurrent failures are counted', async () => {
    const [name, source] = [newName(), newSource()];
    await createUser(app, name);
    const hashes = hashed();
    const answers = await Promise.all(Array.from({ length: 40 }, () => attempt(name, 'wrong', source)));
    expect(answers.filter(({ verdict }) => verdict === 'refused')).toHaveLength(LIMIT);
    expect(hashes).toHaveBeenCalledTimes(LIMIT);
  });

  it('addresses of one IPv6 network are one source', async () => {
    const name = newName();
    for (let index = 0; index < LIMIT; index += 1) await fail(1, name, `2001:db8:ffff:1::${index}`);
    expect(await attempt(name, 'wrong', '2001:db8:ffff:1:a::1')).toEqual(throttled);
    expect(await attempt(name, 'wrong', '2001:db8:ffff:2::1')).toEqual({ verdict: 'refused' });
  });
});

it('many failures from one source, of any users, block that source', async () => {
  const [name, source] = [newName(), newSource()];
  await createUser(app, name);
  for (let index = 0; index < SOURCE_LIMIT; index += 1) await fail(1, `guess${index}`, source);
  expect(await attempt(name, PASSWORD, source)).toEqual(throttled);
  expect(await attempt(name, PASSWORD, newSource())).toMatchObject({ verdict: 'ok' });
});

it('concurrent guesses from one source at different usernames count as well', async () => {
  const source = newSource();
  for (let index = 0; index < SOURCE_LIMIT - 2; index += 1) await fail(1, `guess${index}`, source);
  const hashes = hashed();
  const answers = await Promise.all(Array.from({ length: 10 }, () => attempt(newName(), 'wrong', source)));
  expect(answers.filter(({ verdict }) => verdict === 'refused')).toHaveLength(2);
  expect(hashes).toHaveBeenCalledTimes(2);
});

it('successes are not failures', async () => {
  const [name, source] = [newName(), newSource()];
  await createUser(app, name);
  for (let index = 0; index < 2 * LIMIT; index += 1) {
    expect(await attempt(name, PASSWORD, source)).toMatchObject({ verdict: 'ok' });
  }
});

describe('guessing from many sources', () => {
  it('guessing from many sources is slowed down, and the user can still sign in at home and on a new device', async () => {
    const [name, home] = [newName(), newSource()];
    const { subject } = await createUser(app, name);
    expect(await attempt(name, PASSWORD, home)).toMatchObject({ verdict: 'ok', subject });
    for (let index = 0; index < 50; index += 1) await fail(2, name, newSource());

    const stranger = newSource();
    await fail(3, name, stranger);
    const slowed = await attempt(name, PASSWORD, stranger);
    expect(slowed).toEqual(throttled);
    expect((slowed as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(60);

    await fail(LIMIT - 1, name, home);
    expect(await attempt(name, PASSWORD, home)).toMatchObject({ verdict: 'ok', subject });
    const device = newSource();
    await fail(2, name, device);
    expect(await attempt(name, PASSWORD, device)).toMatchObject({ verdict: 'ok', subject });
    // From now on that source is known as well.
    await fail(LIMIT - 3, name, device);
    expect(await attempt(name, PASSWORD, device)).toMatchObject({ verdict: 'ok', subject });
  });

  it('the user’s own mistakes at home do not trigger the limit for many sources', async () => {
    const [name, home] = [newName(), newSource()];
    await createUser(app, name);
    await attempt(name, PASSWORD, home);
    const noted = jest.spyOn(app.nest.get(SignInLimits, { strict: false }), 'count');
    await fail(2, name, home);
    expect(noted.mock.calls.map(([, isStranger]) => isStranger)).toEqual([false, false]);
  });
});

describe('the sources that a user has signed in from', () => {
  const known = async (subject: string) =>
    (
      await app.database.query<{ known_sources: string[] }[]>('SELECT known_sources FROM users WHERE subject = $1', [
        subject,
      ])
    )[0]!.known_sources;

  it('the sources from which a user has signed in are stored, latest first, ten at most, IPv6 by network', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    for (let index = 0; index < 12; index += 1) await attempt(name, PASSWORD, `192.0.2.${index}`);
    await attempt(name, PASSWORD, '192.0.2.5');
    await attempt(name, PASSWORD, '2001:db8:1:2:3::4');
    const sources = await known(subject);
    expect(sources.slice(0, 3)).toEqual(['2001:db8:1:2::/64', '192.0.2.5', '192.0.2.11']);
    expect(sources).toHaveLength(10);
    expect(new Set(sources).size).toBe(10);
  });

  it('failures do not add sources', async () => {
    const name = newName();
    const { subject } = await createUser(app, name);
    await fail(1, name, '192.0.2.1');
    expect(await known(subject)).toEqual([]);
  });
});
