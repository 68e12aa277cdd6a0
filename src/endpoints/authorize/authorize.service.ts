import { Injectable } from '@nestjs/common';
import type { Consent } from '../../consent/consent.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import type { RequestContext } from '../../platform/http/request-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import type { SignInObstacle } from '../../sessions/sign-in-obstacle.js';
import { UsersService } from '../../users/users.service.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { isAdminRole, withinRoles } from '../../oauth/scope.js';
import type { AuthorizationRequest } from '../../authorization/authorization-request.js';
import { AuthorizationRequests, type ReadRequest } from '../../authorization/authorization-requests.service.js';
import { CodeIssuer } from '../../authorization/code-issuer.service.js';
import { AuthorizationRefusals } from './authorization-refusals.service.js';
import { nextStep, type NextStep } from './interaction.js';
import type { ResponseTarget } from '../../authorization/response-target.js';
import { Situations } from './situations.service.js';

export type Decision = 'allow' | 'deny';

/** The next step of a valid request. */
export type Outcome =
  | {
      readonly outcome: 'sign_in';
      readonly request: AuthorizationRequest;
      readonly obstacle: SignInObstacle | undefined;
    }
  | {
      readonly outcome: 'consent';
      readonly request: AuthorizationRequest;
      readonly session: LoginSession;
      readonly userName: string;
      /** The user's earlier consent. */
      readonly consent: Consent | undefined;
    }
  | { readonly outcome: 'response'; readonly target: ResponseTarget; readonly answer: { code: string } | OAuthError };

/**
 * An authorization request, top down: is the redirect target valid, is the request valid, who is signed in, have they given
 * consent, and then a code. The request is parsed anew at each step of the user; nothing is stored in between.
 */
@Injectable()
export class AuthorizeService {
  constructor(
    private readonly requests: AuthorizationRequests,
    private readonly situations: Situations,
    private readonly codes: CodeIssuer,
    private readonly refusals: AuthorizationRefusals,
    private readonly users: UsersService,
  ) {}

  /**
   * Records errors of the request itself; a required sign-in is not a refusal.
   * @param query the form-encoded parameters
   * @throws OAuthError to show to the user if the browser must not be redirected
   */
  async read(query: string, context: RequestContext): Promise<ReadRequest> {
    try {
      const read = await this.requests.read(query);
      if ('error' in read) await this.refusals.record(read.error, read.target.client.clientId, context);
      return read;
    } catch (error) {
      if (error instanceof OAuthError && error.status < 500) await this.refusals.record(error, error.clientId, context);
      throw error;
    }
  }

  /** @param decision the user's answer on the consent page of this request */
  async advance(request: AuthorizationRequest, browser: BrowserContext, decision?: Decision): Promise<Outcome> {
    try {
      return await this.answer(request, browser, decision);
    } catch (error) {
      // On a temporary failure the user can try again here; all other errors go to the client.
      if (!(error instanceof OAuthError) || error.status >= 500) throw error;
      return { outcome: 'response', target: request, answer: error };
    }
  }

  private async answer(asked: AuthorizationRequest, browser: BrowserContext, decision?: Decision): Promise<Outcome> {
    const situation = await this.situations.of(asked, browser);
    const request = situation.session ? await this.withinRoles(asked, situation.session) : asked;
    const next = nextStep(request, situation);
    if (next.step === 'sign_in') return { outcome: 'sign_in', request, obstacle: next.obstacle };
    if (next.step === 'consent' && decision === undefined) {
      const { session } = next;
      const userName = await this.users.nameOf(session.subject);
      return { outcome: 'consent', request, session, userName, consent: situation.consent };
    }
    return this.respond(request, next, browser, decision);
  }

  /** RFC 6749 §3.3: an admin role that the user does not have is not granted. */
  private async withinRoles(request: AuthorizationRequest, { subject }: LoginSession): Promise<AuthorizationRequest> {
    if (!request.scope.some(isAdminRole)) return request;
    const scope = withinRoles(request.scope, (await this.users.find(subject))?.adminRoles ?? []);
    if (scope.length === 0) throw new OAuthError('access_denied', { reason: 'no_admin_role' });
    return { ...request, scope };
  }

  private async respond(
    request: AuthorizationRequest,
    { step, session }: Exclude<NextStep, { step: 'sign_in' }>,
    browser: BrowserContext,
    decision?: Decision,
  ): Promise<Outcome> {
    if (decision === 'deny') throw new OAuthError('access_denied', { reason: 'denied_by_user' });
    const answer = await this.codes.issue(request, session, browser, step === 'consent');
    return { outcome: 'response', target: request, answer };
  }
}
