/** Hashing with real threads, and their lifecycle. */
import { pbkdf2 } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { isCurrent } from './password-hash.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordThreads, PasswordThreadsBusy } from './password-threads.service.js';
import type { Config } from '../platform/config/config.js';

// The threads have a low priority, so they may take long on a busy machine.
jest.setTimeout(120_000);
Logger.overrideLogger(false);

// On a busy machine some jobs would otherwise be given up.
beforeEach(() => void jest.spyOn(performance, 'now').mockReturnValue(0));
afterEach(() => void jest.restoreAllMocks());

const PASSWORD = 'correct horse battery staple';

const opened: PasswordThreads[] = [];
function open() {
  const threads = new PasswordThreads({ processes: 1 } as Config);
  opened.push(threads);
  return { threads, hasher: new PasswordHasher(threads) };
}
const { hasher } = open();
afterAll(() => Promise.all(opened.map((each) => each.onApplicationShutdown())));

describe('a new hash', () => {
  it('a new hash is current, has its own salt, and matches only its password', async () => {
    const [one, other] = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
    expect(isCurrent(one)).toBe(true);
    expect(one).not.toBe(other);
    expect(await hasher.verify(one, PASSWORD)).toEqual({ matches: true, isOutdated: false });
    expect((await hasher.verify(one, `${PASSWORD} `)).matches).toBe(false);
    expect((await hasher.verify(one, '')).matches).toBe(false);
  });

  it('a new hash covers the whole password, however long', async () => {
    const long = 'x'.repeat(1000);
    expect((await hasher.verify(await hasher.hash(`${long}y`), `${long}z`)).matches).toBe(false);
  });

  it('a new hash matches the same text from another keyboard', async () => {
    const hash = await hasher.hash('Ångström ﬁ');
    expect((await hasher.verify(hash, 'A\u030angstro\u0308m fi')).matches).toBe(true);
  });
});

describe('an imported hash', () => {
  it.each([
    ['bcrypt $2a$', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['bcrypt $2b$', '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22', 'pw'],
    ['bcrypt $2y$', '$2y$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22', 'pw'],
    [
      'argon2i of the reference implementation',
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
      'password',
    ],
    [
      'argon2d of several lanes',
      '$argon2d$v=19$m=64,t=2,p=2$ucfO+ZTB5gNaRa1IcjDirA$SzaGSy5ym6iJ1ZK672Igo6MC0Uo1bCkg8mY37xvu8vw',
      'pw',
    ],
    [
      'PBKDF2 of passlib',
      '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
      'password',
    ],
    // RFC 6070, in the formats of passlib and Django.
    ['PBKDF2 of passlib with SHA-1', '$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE', 'password'],
    ['PBKDF2 of Django', 'pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE=', 'password'],
    [
      'PBKDF2 of Keycloak',
      '$pbkdf2-sha512$210000$AAECAwQFBgcICQoLDA0ODw==$yOn8eoF+8AIW0lU630805KQQbAmcuC+WcqU98zJjJEstDH/V6M5wBHV3INkXZMVSqtIZwJvwA5OxiqUoKjlAkg==',
      'password',
    ],
    [
      'PBKDF2 of Werkzeug',
      'pbkdf2:sha256:1000$saltsalt$135f7a66144fcf0fb003ce048f31f024ed5cbff30525d3ba0bfb3199479362a6',
      'password',
    ],
    // RFC 7914 §12.
    [
      'scrypt of Werkzeug',
      'scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
      'password',
    ],
    [
      'scrypt of Django',
      'scrypt$16384$saltsalt$8$1$BFOzqW6i/Qp3FJvUJMUiUeLiRkAnr9tlefbjqRL0/Fyp4VV2HFKGH+z99Y153I0zRQByA1AJBrLr27fSyB0pNg==',
      'password',
    ],
    [
      'scrypt as a PHC string',
      '$scrypt$ln=14,r=8,p=1$c2FsdHNhbHQ$BFOzqW6i/Qp3FJvUJMUiUeLiRkAnr9tlefbjqRL0/Fyp4VV2HFKGH+z99Y153I0zRQByA1AJBrLr27fSyB0pNg',
      'password',
    ],
    // Made by libcrypt.
    [
      'SHA-512 crypt',
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      'Hello world!',
    ],
    [
      'SHA-512 crypt with rounds and a long password',
      '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
      'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    ],
    [
      'SHA-512 crypt without a salt',
      '$6$rounds=1000$$Ww46dvdmbJa51Tn2FjNpXolxguszXFYv9Rxe3VazHhtMSHfmYDtk1WRGASHU.A.aIG6LLP4iqYBXgPIOSQrGS0',
      'pw',
    ],
    ['SSHA', '{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0', 'password'],
    [
      'SSHA with SHA-512',
      '{SSHA512}+mohhbPgqahe9B/7Z+88H7b3SYD46/lw5OcuNT7ZU31ZMIPCAd/W5D4cinqsK8jbsRnH37fUuPExEROVvXDpf3NhbHQ=',
      'password',
    ],
  ])('an imported hash of %s matches only its password, and should be replaced', async (_what, hash, password) => {
    expect(await hasher.verify(hash, password)).toEqual({ matches: true, isOutdated: true });
    expect((await hasher.verify(hash, `${password}!`)).matches).toBe(false);
  });

  it('an imported hash matches the password without normalization too, and should be replaced', async () => {
    const typed = 'A\u030angstro\u0308m';
    const derived = await promisify(pbkdf2)(typed, 'saltsalt', 1000, 32, 'sha256');
    const hash = `pbkdf2_sha256$1000$saltsalt$${derived.toString('base64')}`;
    expect(await hasher.verify(hash, typed)).toEqual({ matches: true, isOutdated: true });
    expect((await hasher.verify(hash, typed.normalize('NFKC'))).matches).toBe(false);
  });
});

it('a missing or unreadable hash matches nothing', async () => {
  for (const hash of [undefined, '', 'plain', '$2b$31$' + 'C'.repeat(53)]) {
    expect(await hasher.verify(hash, PASSWORD)).toEqual({ matches: false, isOutdated: false });
  }
});

describe('while passwords are hashed', () => {
  it('a bounded number of threads hash, the rest waits, and requests beyond the queue are refused', async () => {
    const { threads, hasher } = open(); // without threads that rest from another test
    const outcomes = Array.from({ length: 500 }, () => hasher.verify(undefined, 'x').catch((error: unknown) => error));
    const busy = threads.working;
    expect(busy).toBeGreaterThanOrEqual(1);
    expect(busy).toBeLessThanOrEqual(4);
    expect(threads.waiting).toBe(64 * busy);
    const settled = await Promise.all(outcomes);
    expect(settled.filter((each) => each instanceof PasswordThreadsBusy)).toHaveLength(500 - 65 * busy);
    expect(settled.filter((each) => !(each instanceof Error))).toHaveLength(65 * busy);
    expect([threads.working, threads.waiting]).toEqual([0, 0]);
  });

  it('the event loop and libuv’s thread pool stay free', async () => {
    const { hasher } = open();
    const before = performance.eventLoopUtilization();
    let pending = 50;
    const all = Array.from({ length: pending }, () => hasher.verify(undefined, 'x').finally(() => (pending -= 1)));
    await promisify(pbkdf2)('x', 'salt', 1, 32, 'sha256');
    expect(pending).toBeGreaterThan(40);
    await Promise.all(all);
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
  });
});

describe('a thread that dies', () => {
  const workersOf = (of: PasswordThreads) => [...(of as unknown as { threads: Map<Worker, unknown> }).threads.keys()];

  it('a thread that dies fails its job with 503, and the next job gets a new thread', async () => {
    const own = open();
    const hash = await hasher.hash(PASSWORD); // by other threads, because a resting one would have no job to fail
    const lost = own.hasher.verify(hash, PASSWORD);
    const [worker] = workersOf(own.threads);
    void worker!.terminate();
    await expect(lost).rejects.toMatchObject({ code: 'temporarily_unavailable', status: 503 });
    expect((await own.hasher.verify(hash, PASSWORD)).matches).toBe(true);
    expect(workersOf(own.threads)).not.toContain(worker);
  });

  it('a thread that dies leaves the waiting jobs to its successor', async () => {
    const own = open();
    const outcomes = Array.from({ length: 20 }, () => own.hasher.verify(undefined, 'x'));
    const working = own.threads.working;
    void workersOf(own.threads)[0]!.terminate();
    const settled = await Promise.allSettled(outcomes);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(working).toBeGreaterThan(0);
  });
});

describe('a service that stops', () => {
  const stopped: PasswordThreads[] = [];
  afterEach(() => expect(stopped.every(({ working, waiting }) => working + waiting === 0)).toBe(true));

  it('a service that stops rejects the waiting jobs', async () => {
    const own = open();
    stopped.push(own.threads);
    const outcomes = Array.from({ length: 30 }, () => own.hasher.verify(undefined, 'x'));
    const settled = Promise.allSettled(outcomes);
    await own.threads.onApplicationShutdown();
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { status: 503 } });
    }
    await expect(own.hasher.hash('x')).rejects.toMatchObject({ status: 503 });
  });

  it('without sign-ins there are no threads', async () => {
    const own = open();
    expect((own.threads as unknown as { threads: Map<Worker, unknown> }).threads.size).toBe(0);
    await own.threads.onApplicationShutdown();
  });
});
