/** The contract of login sessions, run by one spec per database. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditEventEntity } from '../../src/platform/audit/audit-event.entity.js';
import { AuditSearchRepository } from '../../src/platform/audit/audit-search.repository.js';
import { AuditService } from '../../src/platform/audit/audit.service.js';
import { AuditRepository } from '../../src/platform/audit/audit.repository.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import type { LoginSession, Proof } from '../../src/sessions/login-session.js';
import { LoginSessionEntity } from '../../src/sessions/login-session.entity.js';
import { SessionEpochs } from '../../src/users/session-epochs.service.js';
import { LoginSessionRepository } from '../../src/sessions/login-session.repository.js';
import { LoginSessions } from '../../src/sessions/login-sessions.service.js';
import { SubjectEntity } from '../../src/users/subject.entity.js';
import { UserEntity } from '../../src/users/user.entity.js';
import { BrowserStandIn } from '../support/browser-stand-in.js';
import { TEST_SECRET } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

export const loginSessionEntities = [LoginSessionEntity, UserEntity, SubjectEntity, AuditEventEntity];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NO_SUCH_SESSION = uuidv7();

function loginSessionsOn(dataSource: DataSource, clock: TestClock, environment: Record<string, string> = {}) {
  const config = loadConfig({
    NODE_ENV: 'test',
    REKEY_SECRET: TEST_SECRET,
    REKEY_ISSUER: 'https://id.test',
    REKEY_LOGIN_SESSION_HOURS: '24',
    REKEY_LOGIN_SESSION_IDLE_HOURS: '8',
    ...environment,
  });
  const audit = new AuditService(
    new AuditRepository(dataSource.getRepository(AuditEventEntity), config),
    new AuditSearchRepository(dataSource.getRepository(AuditEventEntity)),
    config,
  );
  return new LoginSessions(
    dataSource,
    new LoginSessionRepository(dataSource.getRepository(LoginSessionEntity)),
    new SessionEpochs(dataSource.getRepository(UserEntity)),
    audit,
    clock,
    config,
  );
}

/** @returns the subject */
async function insertUser(dataSource: DataSource, overrides: Partial<UserEntity> = {}): Promise<string> {
  const subject = uuidv7();
  const at = new Date(0);
  await dataSource.manager.insert(UserEntity, {
    subject,
    username: subject,
    usernameKey: subject,
    passwordHash: null,
    passwordChangedAt: null,
    claims: {},
    createdAt: at,
    updatedAt: at,
    deletedAt: null,
    ...overrides,
  });
  return subject;
}

const byPassword = (subject: string): Proof => ({ subject, sessionEpoch: 0, acr: 'urn:rekey:password', amr: ['pwd'] });

export function loginSessionContract(open: () => Promise<DataSource>): void {
  let dataSource: DataSource;
  let clock: TestClock;
  let sessions: LoginSessions;
  let anna: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    dataSource = await open();
  }, 60_000);
  afterAll(() => dataSource.destroy());
  beforeEach(async () => {
    clock = new TestClock();
    sessions = loginSessionsOn(dataSource, clock);
    anna = await insertUser(dataSource);
  });

  /** Signs in, and leaves the cookie in the browser. */
  async function begin(
    browser: BrowserStandIn,
    proof = byPassword(anna),
    { at = sessions, correlationId }: { at?: LoginSessions; correlationId?: string } = {},
  ): Promise<LoginSession | undefined> {
    const begun = await at.begin(browser.request(correlationId), proof);
    if (begun) browser.take(begun.cookie);
    return begun?.session;
  }

  async function signIn(browser: BrowserStandIn, subject = anna, at = sessions): Promise<LoginSession> {
    const session = await begin(browser, byPassword(subject), { at });
    if (!session) throw new Error('The sign-in came too late');
    return session;
  }
  const current = (browser: BrowserStandIn) => sessions.current(browser.request());
  const rowOf = (id: string) => dataSource.manager.findOneByOrFail(LoginSessionEntity, { id });

  async function signedIn(subject = anna): Promise<{ browser: BrowserStandIn; session: LoginSession }> {
    const browser = new BrowserStandIn();
    return { browser, session: await signIn(browser, subject) };
  }

  describe('a sign-in', () => {
    it('a sign-in creates the session of the browser', async () => {
      const browser = new BrowserStandIn('Firefox\t/1', '198.51.100.9');
      const session = await signIn(browser);
      expect(session).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        subject: anna,
        authTime: clock.now(),
        acr: 'urn:rekey:password',
        amr: ['pwd'],
        source: '198.51.100.9',
        userAgent: 'Firefox/1',
        createdAt: clock.now(),
        lastUsedAt: clock.now(),
        expiresAt: clock.now() + 24 * HOUR,
      });
      expect(await current(browser)).toEqual(session);
    });

    it('a sign-in sets a host-only cookie of 256 bits until the session ends, and stores its digest', async () => {
      const { browser, session } = await signedIn();
      expect(browser.given).toEqual([
        expect.stringMatching(
          /^__Host-rekey-session=[A-Za-z0-9_-]{43}; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ]);
      const value = browser.cookie!.split('=')[1]!;
      expect((await rowOf(session.id)).cookieDigest).toEqual(createHash('sha256').update(value).digest());
      const dump = JSON.stringify(
        await dataSource.query("SELECT *, encode(cookie_digest, 'escape') FROM login_sessions"),
      );
      expect(dump).not.toContain(value);
    });

    it('a sign-in stores when the user authenticated, if that was earlier at another provider', async () => {
      const browser = new BrowserStandIn();
      const authTime = clock.now() - HOUR;
      await begin(browser, { ...byPassword(anna), authTime });
      expect(await current(browser)).toMatchObject({ authTime, createdAt: clock.now() });
    });

    it('a sign-in is in the audit log with its session', async () => {
      const browser = new BrowserStandIn();
      const correlationId = uuidv7();
      const { id } = (await begin(browser, byPassword(anna), { correlationId }))!;
      const events = await dataSource.query('SELECT event, subject, sid FROM audit_events WHERE correlation_id = $1', [
        correlationId,
      ]);
      expect(events).toEqual([{ event: 'user.signed_in', subject: anna, sid: id }]);
    });

    it('an issuer without TLS has a cookie without the prefix, and the two cookies are not mixed up', async () => {
      const plain = loginSessionsOn(dataSource, clock, { REKEY_ISSUER: 'http://127.0.0.1:3000' });
      const browser = new BrowserStandIn();
      await begin(browser, byPassword(anna), { at: plain });
      expect(browser.given[0]).toMatch(/^rekey-session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/);
      expect(await plain.current(browser.request())).toMatchObject({ subject: anna });
      expect(await sessions.current(browser.request())).toBeUndefined();
      browser.cookie = `__Host-${browser.cookie!}`;
      expect(await plain.current(browser.request())).toBeUndefined();
    });
  });

  describe('a sign-in of the same user in the same browser', () => {
    it('the same user’s sign-in keeps the session and its start, with a new authentication, end and cookie', async () => {
      const { browser, session } = await signedIn();
      const before = browser.cookie;
      clock.advance(7 * HOUR);
      const again = await begin(browser, {
        ...byPassword(anna),
        acr: 'urn:rekey:upstream',
        amr: ['mfa', 'otp'],
      });
      expect(again).toEqual({
        ...session,
        acr: 'urn:rekey:upstream',
        amr: ['mfa', 'otp'],
        authTime: clock.now(),
        lastUsedAt: clock.now(),
        expiresAt: clock.now() + 24 * HOUR,
      });
      expect(browser.cookie).not.toBe(before);
      expect(await current(browser)).toEqual(again);
      browser.cookie = before;
      expect(await current(browser)).toBeUndefined();
    });

    it('the same user’s sign-in starts another session if the first was ended', async () => {
      const { browser, session } = await signedIn();
      await sessions.end(session.id);
      expect((await signIn(browser)).id).not.toBe(session.id);
    });

    it('the same user’s sign-in continues an idle or expired session, because clients know it', async () => {
      const idle = await signedIn();
      clock.advance(8 * HOUR);
      expect(await current(idle.browser)).toBeUndefined();
      expect((await signIn(idle.browser)).id).toBe(idle.session.id);
      const short = loginSessionsOn(dataSource, clock, { REKEY_LOGIN_SESSION_HOURS: '1' });
      const browser = new BrowserStandIn();
      const { id } = await signIn(browser, anna, short);
      clock.advance(HOUR);
      expect(await short.current(browser.request())).toBeUndefined();
      expect(await signIn(browser, anna, short)).toMatchObject({ id, expiresAt: clock.now() + HOUR });
    });

    it('twenty concurrent sign-ins with one cookie leave one session with its id: all succeed, none with that cookie', async () => {
      const { browser, session } = await signedIn();
      const request = browser.request();
      const tabs = Array.from({ length: 20 }, () => new BrowserStandIn());
      const results = await Promise.all(
        tabs.map(async (tab) => {
          const begun = (await sessions.begin(request, byPassword(anna)))!;
          tab.take(begun.cookie);
          return begun.session;
        }),
      );
      expect(results.filter(({ id }) => id === session.id)).toHaveLength(1);
      expect(new Set(results.map(({ id }) => id)).size).toBe(20);
      const seen = await Promise.all(tabs.map(current));
      expect(seen.map((found) => found?.id)).toEqual(results.map(({ id }) => id));
      expect(await sessions.current(request)).toBeUndefined();
    });
  });

  describe('a sign-in under way when all sessions of the user were ended', () => {
    const rows = () => dataSource.manager.countBy(LoginSessionEntity, { subject: anna });

    it.each<[string, (manager: EntityManager) => Promise<unknown>]>([
      ["the user's", (manager) => sessions.endAll(anna, manager)],
      ["everybody's", (manager) => sessions.endEveryones(manager)],
    ])('a sign-in under way is refused if all sessions were %s; the next one succeeds', async (_title, end) => {
      await dataSource.transaction(end);
      const browser = new BrowserStandIn();
      expect(await begin(browser)).toBeUndefined();
      expect([browser.given, await rows()]).toEqual([[], 0]);
      const { sessionEpoch } = await dataSource.manager.findOneByOrFail(UserEntity, { subject: anna });
      const proof = { ...byPassword(anna), sessionEpoch };
      expect(await begin(browser, proof)).toMatchObject({ subject: anna });
    });

    it('a sign-in under way does not continue its browser’s ended session', async () => {
      const { browser } = await signedIn();
      await dataSource.transaction((manager) => sessions.endAll(anna, manager));
      expect(await begin(browser)).toBeUndefined();
      expect(await current(browser)).toBeUndefined();
    });

    it.each<[string, (manager: EntityManager) => Promise<unknown>]>([
      ["the user's", (manager) => sessions.endAll(anna, manager)],
      ["everybody's", (manager) => sessions.endEveryones(manager)],
    ])('of forty concurrent sign-ins none is left signed in: %s', async (_title, end) => {
      const browsers = Array.from({ length: 40 }, () => new BrowserStandIn());
      const begun = browsers.map((browser) => begin(browser));
      await Promise.all([...begun, dataSource.transaction(end)]);
      expect((await Promise.all(browsers.map(current))).filter(Boolean)).toEqual([]);
      expect(await sessions.list(anna)).toEqual([]);
    });
  });

  it('another user’s sign-in in the same browser starts a new session, and leaves the old one to the caller', async () => {
    const { browser, session } = await signedIn();
    const copy = new BrowserStandIn();
    copy.cookie = browser.cookie;
    const bert = await insertUser(dataSource);
    const other = await signIn(browser, bert);
    expect(other.id).not.toBe(session.id);
    expect(await current(browser)).toMatchObject({ id: other.id, subject: bert });
    expect(await current(copy)).toMatchObject({ id: session.id, subject: anna });
  });

  describe('a cookie', () => {
    it('a cookie planted before the sign-in is worthless after it', async () => {
      const planted = new BrowserStandIn();
      planted.cookie = `__Host-rekey-session=${'A'.repeat(43)}`;
      const victim = new BrowserStandIn();
      victim.cookie = planted.cookie;
      await signIn(victim);
      expect(victim.cookie).not.toBe(planted.cookie);
      expect(await current(planted)).toBeUndefined();
    });

    it('a cookie sent twice is ignored, even with equal values', async () => {
      const { browser } = await signedIn();
      const { browser: attacker } = await signedIn(await insertUser(dataSource));
      const { cookie } = browser;
      for (const header of [
        `${attacker.cookie}; ${cookie}`,
        `${cookie}; ${attacker.cookie}`,
        `${cookie}; ${cookie}`,
        `${cookie}; __Host-rekey-session=`,
      ]) {
        browser.cookie = header;
        expect(await current(browser)).toBeUndefined();
      }
      browser.cookie = `a=b; ${cookie};x-__Host-rekey-session=1`;
      expect(await current(browser)).toMatchObject({ subject: anna });
    });

    it('a cookie that cannot be ours is not looked up', async () => {
      const lookups = jest.spyOn(LoginSessionRepository.prototype, 'findLive');
      const browser = new BrowserStandIn();
      const good = 'A'.repeat(43);
      for (const value of [
        '',
        'x',
        good.slice(1),
        `${good}A`,
        `${good.slice(1)}%`,
        `"${good}"`,
        'é'.repeat(43),
        "' OR 1=1--",
      ]) {
        browser.cookie = `__Host-rekey-session=${value}`;
        expect(await current(browser)).toBeUndefined();
      }
      browser.cookie = undefined;
      expect(await current(browser)).toBeUndefined();
      expect(lookups).not.toHaveBeenCalled();
      browser.cookie = `__Host-rekey-session=${good}`;
      expect(await current(browser)).toBeUndefined();
      expect(lookups).toHaveBeenCalledTimes(1);
      lookups.mockRestore();
    });

    it('a cookie of another session, or made from public data of one, is worthless', async () => {
      const { session } = await signedIn();
      const digest = (await rowOf(session.id)).cookieDigest;
      const browser = new BrowserStandIn();
      for (const value of [session.id, digest.toString('base64url'), digest.toString('hex')]) {
        browser.cookie = `__Host-rekey-session=${value}`;
        expect(await current(browser)).toBeUndefined();
      }
    });

    it('a cookie can be removed from a browser', () => {
      const { expiredCookie } = sessions;
      expect(expiredCookie).toBe('__Host-rekey-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax');
    });
  });

  describe('a session is over', () => {
    it('a session is over when it is unused for eight hours, and not before', async () => {
      const { browser, session } = await signedIn();
      clock.advance(8 * HOUR - 1);
      expect(await current(browser)).toMatchObject({ id: session.id });
      const idle = await signedIn();
      clock.advance(8 * HOUR);
      expect(await current(idle.browser)).toBeUndefined();
      expect(await sessions.list(anna)).toEqual([]);
    });

    it('a session is over a day after the sign-in, however often it is used', async () => {
      const { browser, session } = await signedIn();
      for (let hours = 0; hours < 23; hours++) {
        clock.advance(HOUR);
        expect(await current(browser)).toMatchObject({ id: session.id });
        await sessions.onApplicationShutdown(); // waits until the use is recorded
      }
      clock.advance(HOUR - 1);
      expect(await current(browser)).toMatchObject({ id: session.id });
      clock.advance(1);
      expect(await current(browser)).toBeUndefined();
    });

    it('a session is over at once when it is ended, once', async () => {
      const { browser, session } = await signedIn();
      expect(await sessions.end(session.id)).toBe(true);
      expect(await current(browser)).toBeUndefined();
      expect(await sessions.end(session.id)).toBe(false);
      expect((await rowOf(session.id)).endedAt).toEqual(new Date(clock.now()));
    });

    it('a session is over at once when its user is disabled, and continues when they are enabled', async () => {
      const { browser, session } = await signedIn();
      const row = { subject: anna, updatedAt: new Date(clock.now()), disabledAt: new Date(clock.now()) };
      await dataSource.manager.insert(SubjectEntity, row);
      expect(await current(browser)).toBeUndefined();
      await dataSource.manager.update(SubjectEntity, { subject: anna }, { disabledAt: null });
      expect(await current(browser)).toMatchObject({ id: session.id });
    });

    it('a session is over at once when its user is deleted, and none starts then', async () => {
      const { browser } = await signedIn();
      await dataSource.manager.update(UserEntity, { subject: anna }, { deletedAt: new Date(clock.now()) });
      expect(await current(browser)).toBeUndefined();
      for (const subject of [anna, 'nobody']) {
        const late = new BrowserStandIn();
        expect(await begin(late, byPassword(subject))).toBeUndefined();
      }
    });

    it('an ended session stays ended when twenty requests use it at that moment', async () => {
      const { browser, session } = await signedIn();
      clock.advance(2 * MINUTE); // so that each use is recorded
      const uses = Array.from({ length: 20 }, () => current(browser));
      const [ended] = await Promise.all([sessions.end(session.id), ...uses]);
      expect(ended).toBe(true);
      expect(await current(browser)).toBeUndefined();
      await sessions.onApplicationShutdown();
      expect((await rowOf(session.id)).endedAt).toEqual(new Date(clock.now()));
      expect(await current(browser)).toBeUndefined();
    });

    it('a session ended during its user’s sign-in is either ended or renewed, never both', async () => {
      for (let round = 0; round < 10; round++) {
        const { browser, session } = await signedIn();
        const [, again] = await Promise.all([sessions.end(session.id), signIn(browser)]);
        const open = await current(browser);
        const { endedAt } = await rowOf(session.id);
        expect(endedAt).toEqual(new Date(clock.now()));
        expect(open?.id).toBe(again.id === session.id ? undefined : again.id);
      }
    });
  });

  describe('a use of a login session', () => {
    it('a use is recorded once a minute, and only after the answer', async () => {
      const { browser, session } = await signedIn();
      const start = clock.now();
      clock.advance(MINUTE - 1);
      await current(browser);
      await sessions.onApplicationShutdown();
      expect((await rowOf(session.id)).lastUsedAt).toEqual(new Date(start));
      clock.advance(1);
      expect(await current(browser)).toMatchObject({ lastUsedAt: start });
      await sessions.onApplicationShutdown();
      expect((await rowOf(session.id)).lastUsedAt).toEqual(new Date(start + MINUTE));
    });

    it('a use that another replica has recorded is not recorded again, and time does not go backwards', async () => {
      const { browser, session } = await signedIn();
      const slow = new TestClock(clock.now() + MINUTE);
      clock.advance(10 * MINUTE);
      await Promise.all([current(browser), loginSessionsOn(dataSource, slow).current(browser.request())]);
      await sessions.onApplicationShutdown();
      const noted = (await rowOf(session.id)).lastUsedAt;
      await new LoginSessionRepository(dataSource.getRepository(LoginSessionEntity)).touch(
        session.id,
        slow.now(),
        slow.now() - MINUTE,
      );
      expect((await rowOf(session.id)).lastUsedAt).toEqual(noted);
    });

    it('a use after the end is not recorded', async () => {
      const { session } = await signedIn();
      await sessions.end(session.id);
      clock.advance(10 * MINUTE);
      await new LoginSessionRepository(dataSource.getRepository(LoginSessionEntity)).touch(
        session.id,
        clock.now(),
        clock.now() - MINUTE,
      );
      expect((await rowOf(session.id)).lastUsedAt).toEqual(new Date(session.lastUsedAt));
    });

    it('a use that cannot be recorded still succeeds', async () => {
      const { browser, session } = await signedIn();
      clock.advance(2 * MINUTE);
      const touch = jest
        .spyOn(LoginSessionRepository.prototype, 'touch')
        .mockRejectedValueOnce(ofDatabase(new Error()));
      expect(await current(browser)).toMatchObject({ id: session.id });
      await sessions.onApplicationShutdown();
      expect(touch).toHaveBeenCalledTimes(1);
      touch.mockRestore();
      expect((await rowOf(session.id)).lastUsedAt).toEqual(new Date(session.lastUsedAt));
    });
  });

  describe('the sessions of a user', () => {
    it('the list has the user’s live sessions, most recently used first', async () => {
      const [one, two, three] = [await signedIn(), await signedIn(), await signedIn()];
      await signedIn(await insertUser(dataSource));
      clock.advance(HOUR);
      await current(two.browser);
      await sessions.onApplicationShutdown();
      await sessions.end(three.session.id);
      expect((await sessions.list(anna)).map(({ id }) => id)).toEqual([two.session.id, one.session.id]);
      expect(await sessions.list(await insertUser(dataSource))).toEqual([]);
    });

    it('a session can be found by id until it is ended, also when it has expired', async () => {
      const { session } = await signedIn();
      clock.advance(48 * HOUR);
      expect(await sessions.find(session.id)).toEqual(session);
      await sessions.end(session.id);
      expect(await sessions.find(session.id)).toBeUndefined();
      for (const id of [NO_SUCH_SESSION, 'x', '', `${session.id}'`]) expect(await sessions.find(id)).toBeUndefined();
    });

    it('all sessions can be ended at once; those that were over are not returned', async () => {
      const mine = [await signedIn(), await signedIn(), await signedIn(), await signedIn()];
      const others = await signedIn(await insertUser(dataSource));
      await sessions.end(mine[0]!.session.id);
      const live = mine.slice(1).map(({ session }) => session.id);
      const endAll = () => dataSource.transaction((manager) => sessions.endAll(anna, manager));
      expect((await endAll()).map(({ id }) => id)).toEqual(live.sort());
      expect(await sessions.list(anna)).toEqual([]);
      expect(await endAll()).toEqual([]);
      expect(await current(others.browser)).toMatchObject({ id: others.session.id });
    });

    it('sessions end with the caller’s transaction or not at all', async () => {
      const { browser, session } = await signedIn();
      const failed = dataSource.transaction(async (manager) => {
        expect(await sessions.end(session.id, manager)).toBe(true);
        expect(await sessions.endAll(anna, manager)).toEqual([]);
        throw new Error('and then this');
      });
      await expect(failed).rejects.toThrow('and then this');
      expect(await current(browser)).toMatchObject({ id: session.id });
    });
  });

  describe('a statement that fails', () => {
    it.each(['login_sessions', 'audit_events'])(
      'a failing statement in a sign-in (%s) leaves no session, event or cookie',
      async (table) => {
        const renewed = await signedIn();
        const before = renewed.browser.cookie;
        const row = await rowOf(renewed.session.id);
        await dataSource.query(
          `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'`,
        );
        await dataSource.query(`CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON ${table} EXECUTE FUNCTION refuse()`);
        const fresh = new BrowserStandIn();
        const correlationId = uuidv7();
        try {
          for (const browser of [fresh, renewed.browser]) {
            const begun = begin(browser, byPassword(anna), { correlationId });
            await expect(begun).rejects.toThrow('no');
          }
        } finally {
          await dataSource.query('DROP FUNCTION refuse CASCADE');
        }
        expect(fresh.given).toEqual([]);
        expect(renewed.browser.cookie).toBe(before);
        expect(await rowOf(renewed.session.id)).toEqual(row);
        expect(await sessions.list(anna)).toHaveLength(1);
        expect(await dataSource.query('SELECT 1 FROM audit_events WHERE correlation_id = $1', [correlationId])).toEqual(
          [],
        );
      },
    );
  });

  describe('cleanup', () => {
    it('cleanup deletes sessions that ended, expired or idled out before the retention, step by step, and no others', async () => {
      await dataSource.query('DELETE FROM login_sessions');
      const [ended, idle, live] = [await signedIn(), await signedIn(), await signedIn()];
      await sessions.end(ended.session.id);
      for (let hours = 0; hours < 10; hours++) {
        clock.advance(HOUR);
        await current(live.browser);
        await sessions.onApplicationShutdown();
      }
      const remaining = async () => (await dataSource.query<{ id: string }[]>('SELECT id FROM login_sessions')).length;
      const clean = async (before: number, limit: number) => {
        const deleted: number[] = [];
        for (let after: string | undefined, more = true; more; more = after !== undefined) {
          const step = await sessions.deleteEnded(before, after, limit);
          deleted.push(step.deleted);
          after = step.last;
        }
        return deleted;
      };
      expect(await clean(clock.now() - 10 * HOUR, 1000)).toEqual([0, 0]); // at that moment, not before it
      expect(await clean(clock.now() - 10 * HOUR + 1, 1000)).toEqual([1, 0]);
      expect(await sessions.find(ended.session.id)).toBeUndefined();
      expect(await remaining()).toBe(2);
      expect(await clean(clock.now() - 2 * HOUR + 1, 1)).toEqual([1, 0, 0]);
      expect(await sessions.find(idle.session.id)).toBeUndefined();
      expect(await current(live.browser)).toMatchObject({ id: live.session.id });
      expect(await clean(clock.now() + 24 * HOUR, 1000)).toEqual([1, 0]);
      expect(await remaining()).toBe(0);
    });
  });
}
