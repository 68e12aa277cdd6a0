import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import { areSecure, cookieName, cookieOf, setCookie } from '../../platform/http/cookie.js';
import { auditedOf, queryOf, type RequestContext } from '../../platform/http/request-context.js';
import { RootKey } from '../../keys/root-key.js';
import { ACR_UPSTREAM } from '../../oauth/authentication.js';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { Clock } from '../../platform/time/clock.js';
import { UsersService } from '../../users/users.service.js';
import type { Proof } from '../../sessions/login-session.js';
import { diagnosisOf, upstreamFailure } from '../../upstream/upstream-failure.js';
import { isFresh } from '../../upstream/upstream-identity.js';
import {
  isStateOf,
  PENDING_SIGN_IN_MS,
  MAX_PENDING_REQUEST_CHARACTERS,
  newPendingSignIn,
  openPendingSignIn,
  sealPendingSignIn,
  wishesOf,
  type PendingSignIn,
} from '../../upstream/pending-sign-in.js';
import { UpstreamProvider } from '../../upstream/upstream-provider.service.js';

const COOKIE = 'upstream';

/** An error of the provider or of the account, and the sign-in that it belongs to, if that is known. */
export interface UpstreamFailure {
  readonly error: OAuthError;
  readonly pending: PendingSignIn | undefined;
}

/** Sign-in through another OpenID provider: the redirect to it, and its response. The sign-in in progress is a cookie. */
@Injectable()
export class UpstreamSignIn {
  /** The `Set-Cookie` that ends the sign-in in progress. */
  readonly expiredCookie: string;
  private readonly logger = new Logger(UpstreamSignIn.name);
  /** As registered at the provider. */
  private readonly redirectUri: string;
  private readonly secure: boolean;
  private readonly key: Buffer;

  constructor(
    private readonly provider: UpstreamProvider,
    private readonly users: UsersService,
    private readonly clock: Clock,
    rootKey: RootKey,
    config: Config,
  ) {
    this.redirectUri = `${config.issuer}/sign-in/upstream/callback`;
    this.secure = areSecure(config.issuer);
    this.key = rootKey.derive('upstream-sign-in');
    this.expiredCookie = setCookie(COOKIE, '', 0, this.secure);
  }

  /**
   * @param query the authorization request to continue after the sign-in
   * @returns the provider's URL, and the `Set-Cookie` of the sign-in
   * @throws OAuthError if the authorization request does not fit into a cookie
   */
  async leave(
    query: string | undefined,
    { correlationId }: RequestContext,
  ): Promise<{ readonly location: string; readonly cookie: string } | UpstreamFailure> {
    if (query !== undefined && query.length > MAX_PENDING_REQUEST_CHARACTERS) {
      throw OAuthError.invalidRequest('too_long');
    }
    const pending = newPendingSignIn(this.clock.now(), query);
    try {
      const { href } = await this.provider.authorizationUrl(pending, this.redirectUri);
      const sealed = sealPendingSignIn(this.key, pending);
      return { location: href, cookie: setCookie(COOKIE, sealed, PENDING_SIGN_IN_MS / 1000, this.secure) };
    } catch (error) {
      return this.failure(upstreamFailure(error), pending, correlationId);
    }
  }

  /**
   * The sign-in in the browser's cookie. A response with another state is a failure, and does not end it.
   * @param target of the request that carries the provider's response
   */
  inProgress(target: string, { cookies, correlationId }: BrowserContext): PendingSignIn | UpstreamFailure {
    const sealed = cookieOf(cookies, cookieName(COOKIE, this.secure));
    const pending = openPendingSignIn(this.key, sealed, this.clock.now());
    if (pending && isStateOf(pending, Form.ofTarget(target).get('state'))) return pending;
    return this.failure(OAuthError.invalidRequest('upstream_state'), pending, correlationId);
  }

  /** Verifies the provider's response. @param target see `inProgress` */
  async prove(pending: PendingSignIn, target: string, browser: BrowserContext): Promise<Proof | UpstreamFailure> {
    const answer = new URL(this.redirectUri);
    answer.search = queryOf(target);
    const fail = (error: OAuthError) => this.failure(error, pending, browser.correlationId);
    const identity = await this.provider.identify(answer, pending, browser.source).catch(upstreamFailure);
    if (identity instanceof OAuthError) return fail(identity);
    const { issuer, subject: externalSubject, claims, amr, authTime } = identity;
    const now = this.clock.now();
    const asked = wishesOf(pending.authorizationRequest);
    if (!isFresh(authTime, asked, { startedAt: pending.startedAt, now })) {
      return fail(new OAuthError('access_denied', { reason: 'upstream_not_fresh' }));
    }
    const found = await this.users.findOrCreateLinked(issuer, externalSubject, claims, auditedOf(browser));
    if (!found) return fail(new OAuthError('access_denied', { reason: 'account_disabled' }));
    return { ...found, acr: ACR_UPSTREAM, amr, authTime: authTime ?? now };
  }

  private failure(error: OAuthError, pending: PendingSignIn | undefined, correlationId: string): UpstreamFailure {
    this.logger.warn({ msg: 'upstream sign-in failed', correlation_id: correlationId, ...diagnosisOf(error) });
    return { error, pending };
  }
}
