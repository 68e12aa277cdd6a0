import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { AuditService } from '../platform/audit/audit.service.js';
import { Config } from '../platform/config/config.js';
import { transaction } from '../platform/database/transaction.js';
import type { BrowserContext } from '../platform/http/browser-context.js';
import { auditedOf } from '../platform/http/request-context.js';
import { areSecure, cookieName, cookieOf, setCookie } from '../platform/http/cookie.js';
import { Clock } from '../platform/time/clock.js';
import { USE_PRECISION_MS, userAgentText, type LoginSession, type Proof } from './login-session.js';
import { LoginSessionRepository, type Liveness } from './login-session.repository.js';
import { SessionEpochs } from '../users/session-epochs.service.js';
import { digestOf, newSessionCookie } from './session-cookie.js';

const HOUR_MS = 3_600_000;
const COOKIE = 'session';
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export interface BegunSession {
  readonly session: LoginSession;
  /** The `Set-Cookie` for the browser. */
  readonly cookie: string;
}

/**
 * Login sessions: who is signed in, in which browser. Every request reads the database, so a session is over at once when it
 * is ended, expires, or its user is disabled or deleted. `sign-out/` also ends the families of a session and notifies clients;
 * it ends sessions within its own transaction.
 */
@Injectable()
export class LoginSessions implements OnApplicationShutdown {
  /** The `Set-Cookie` that deletes the browser's cookie. A copy of it stays valid until the session is ended. */
  readonly expiredCookie: string;
  private readonly logger = new Logger(LoginSessions.name);
  private readonly secure: boolean;
  private readonly lifeMs: number;
  private readonly idleMs: number;
  /** Writes of `last_used_at` under way, by session id. */
  private readonly touches = new Map<string, Promise<void>>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: LoginSessionRepository,
    private readonly epochs: SessionEpochs,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.secure = areSecure(config.issuer);
    this.expiredCookie = setCookie(COOKIE, '', 0, this.secure);
    this.lifeMs = config.loginSessionHours * HOUR_MS;
    this.idleMs = config.loginSessionIdleHours * HOUR_MS;
  }

  /** @throws when the database is away: then users are neither signed out nor admitted */
  async current(browser: BrowserContext): Promise<LoginSession | undefined> {
    const digest = this.digestIn(browser);
    if (!digest) return undefined;
    const session = await this.repository.findLive(digest, this.liveness());
    if (session) this.noteUse(session);
    return session;
  }

  /**
   * Signs a user in with a new cookie, so that a planted cookie (session fixation) is worthless. If the same user already
   * has a session in this browser, even an expired one, it is renewed and keeps its `sid`, which clients know. Another user's
   * session is not touched: sign it out first (`SignIn`).
   * @returns undefined if all sessions of the user were ended since the authentication began
   */
  async begin(browser: BrowserContext, proof: Proof): Promise<BegunSession | undefined> {
    const now = this.clock.now();
    const presented = this.digestIn(browser);
    const secret = newSessionCookie();
    const digest = digestOf(secret)!;
    const fresh = this.fresh(browser, proof, now);
    const session = await transaction(this.dataSource, async (manager) => {
      if (!(await this.epochs.hold(proof, manager))) return undefined;
      const renewed =
        presented && (await this.repository.renew({ from: presented, to: digest, session: fresh }, manager));
      if (!renewed) await this.repository.insert(fresh, digest, manager);
      await this.audit.append(manager, {
        event: 'user.signed_in',
        at: now,
        subject: proof.subject,
        sid: (renewed ?? fresh).id,
        ...auditedOf(browser),
        detail: { acr: proof.acr, amr: proof.amr },
      });
      return renewed ?? fresh;
    });
    if (!session) return undefined;
    return { session, cookie: setCookie(COOKIE, secret, (session.expiresAt - now) / 1000, this.secure) };
  }

  /** The session of this browser, even an expired one: it can still be ended and its clients notified. */
  async unended(browser: BrowserContext): Promise<LoginSession | undefined> {
    const digest = this.digestIn(browser);
    return digest && this.repository.findUnended(digest);
  }

  /** A session that was not ended, even an expired one: its families may outlive it. */
  async find(id: string): Promise<LoginSession | undefined> {
    return isUuid(id) ? this.repository.findUnended(id) : undefined;
  }

  /** Locks a session, so that it cannot end until the transaction does. @returns false if it has ended */
  hold(id: string, manager: EntityManager): Promise<boolean> {
    return this.repository.hold(id, manager);
  }

  /** The user's live sessions, most recently used first. */
  list(subject: string): Promise<LoginSession[]> {
    return this.repository.list(subject, this.liveness());
  }

  /**
   * Ends the session only. `SignOut` also ends its families and notifies clients.
   * @returns whether this call ended it
   */
  end(id: string, manager: EntityManager = this.dataSource.manager): Promise<boolean> {
    return this.repository.end(id, this.clock.now(), manager);
  }

  /** Ends all of a user's sessions. @param except a session that stays @returns the sessions that this call ended */
  async endAll(subject: string, manager: EntityManager, except?: string): Promise<readonly LoginSession[]> {
    // First, so that a sign-in under way has either created its session already or will not create one.
    await this.epochs.advance(subject, manager);
    return this.repository.endAll(subject, this.clock.now(), manager, except);
  }

  /** Ends the sessions of all users. */
  async endEveryones(manager: EntityManager): Promise<void> {
    await this.epochs.advanceAll(manager);
    await this.repository.endEveryones(this.clock.now(), manager);
  }

  /** One bounded step of cleanup. @param after where the last step ended; undefined to begin */
  deleteEnded(before: number, after: string | undefined, limit: number) {
    return this.repository.deleteEnded(before, this.idleMs, after ?? FIRST_ID, limit);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.touches.values());
  }

  private fresh({ source, userAgent }: BrowserContext, proof: Proof, now: number): LoginSession {
    const { subject, acr, amr, authTime = now } = proof;
    return {
      id: uuidv7(),
      subject,
      authTime,
      acr,
      amr,
      source,
      userAgent: userAgentText(userAgent),
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + this.lifeMs,
    };
  }

  /** Runs in the background; if it fails, the session only idles out earlier. */
  private noteUse({ id, lastUsedAt }: LoginSession): void {
    const now = this.clock.now();
    if (now - lastUsedAt < USE_PRECISION_MS || this.touches.has(id)) return;
    const noted = this.repository
      .touch(id, now, now - USE_PRECISION_MS)
      .catch(() => this.logger.warn('The last use of a login session could not be recorded.'))
      .finally(() => this.touches.delete(id));
    this.touches.set(id, noted);
  }

  private liveness(): Liveness {
    return { now: this.clock.now(), idleMs: this.idleMs };
  }

  private digestIn({ cookies }: BrowserContext): Buffer | undefined {
    return digestOf(cookieOf(cookies, cookieName(COOKIE, this.secure)));
  }
}
