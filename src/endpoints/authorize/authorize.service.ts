import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Consent } from '../../consent/consent.js';
import { contextOf } from '../../platform/http/request-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import type { SignInObstacle } from '../../sessions/sign-in-obstacle.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import type { AuthorizationRequest } from '../../authorization/authorization-request.js';
import { AuthorizationRequests, type ReadRequest } from '../../authorization/authorization-requests.service.js';
import { CodeIssuer } from '../../authorization/code-issuer.service.js';
import { AuthorizationRefusals } from './authorization-refusals.service.js';
import { nextStep, type NextStep } from './interaction.js';
import type { ResponseTarget } from '../../authorization/response-target.js';
import { Situations } from './situations.service.js';

export type Decision = 'allow' | 'deny';

/** The next step of a request. */
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
  ) {}

  /**
   * @param query the form-encoded parameters
   * @param decision the user's answer on the consent page of this request
   * @throws OAuthError to show to the user if the browser must not be redirected
   */
  async advance(query: string, http: FastifyRequest, decision?: Decision): Promise<Outcome> {
    const read = await this.read(query, http);
    if ('error' in read) return { outcome: 'response', target: read.target, answer: read.error };
    const { request } = read;
    http.outcome = { clientId: request.client.clientId };
    try {
      return await this.answer(request, http, decision);
    } catch (error) {
      // On a temporary failure the user can try again here; all other errors go to the client.
      if (!(error instanceof OAuthError) || error.status >= 500) throw error;
      return { outcome: 'response', target: request, answer: error };
    }
  }

  /** Records errors of the request itself; a required sign-in is not a refusal. */
  private async read(query: string, http: FastifyRequest): Promise<ReadRequest> {
    const context = contextOf(http);
    try {
      const read = await this.requests.read(query);
      if ('error' in read) await this.refusals.record(read.error, read.target.client.clientId, context);
      return read;
    } catch (error) {
      if (error instanceof OAuthError && error.status < 500) await this.refusals.record(error, error.clientId, context);
      throw error;
    }
  }

  private async answer(request: AuthorizationRequest, http: FastifyRequest, decision?: Decision): Promise<Outcome> {
    const situation = await this.situations.of(request, http);
    const next = nextStep(request, situation);
    if (next.step === 'sign_in') return { outcome: 'sign_in', request, obstacle: next.obstacle };
    if (next.step === 'consent' && decision === undefined) {
      return { outcome: 'consent', request, session: next.session, consent: situation.consent };
    }
    return this.respond(request, next, http, decision);
  }

  private async respond(
    request: AuthorizationRequest,
    { step, session }: Exclude<NextStep, { step: 'sign_in' }>,
    http: FastifyRequest,
    decision?: Decision,
  ): Promise<Outcome> {
    if (decision === 'deny') throw new OAuthError('access_denied', { reason: 'denied_by_user' });
    const answer = await this.codes.issue(request, session, contextOf(http), step === 'consent');
    return { outcome: 'response', target: request, answer };
  }
}
