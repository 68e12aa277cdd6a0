import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { contextOf } from '../../platform/http/request-context.js';
import { ACR_UPSTREAM } from '../../oauth/authentication.js';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { Clock } from '../../platform/time/clock.js';
import { UsersService } from '../../users/users.service.js';
import type { Proof } from '../../sessions/login-session.js';
import { SignIn } from '../sign-in/sign-in.service.js';
import { diagnosisOf, upstreamFailure } from '../../upstream/upstream-failure.js';
import { isFresh } from '../../upstream/upstream-identity.js';
import { isStateOf, wishesOf, type UpstreamJourney } from '../../upstream/upstream-journey.js';
import { UpstreamJourneys } from './upstream-journeys.service.js';
import { UpstreamProvider } from '../../upstream/upstream-provider.service.js';

/** Sign-in through another OpenID provider: the redirect to it, and its response. */
@Injectable()
export class UpstreamSignIn {
  private readonly logger = new Logger(UpstreamSignIn.name);

  constructor(
    private readonly journeys: UpstreamJourneys,
    private readonly provider: UpstreamProvider,
    private readonly users: UsersService,
    private readonly signIn: SignIn,
    private readonly clock: Clock,
  ) {}

  /** Sends the browser to the provider. */
  async leave(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const journey = this.journeys.begin(Form.ofTarget(request.url).get('authorization_request'));
    try {
      const url = await this.provider.authorizationUrl(journey, this.journeys.redirectUri);
      this.journeys.give(reply, journey);
      void reply.redirect(url.href, 303);
    } catch (error) {
      this.fail(upstreamFailure(error), journey, request, reply);
    }
  }

  /**
   * Handles the provider's response. It must match the sign-in in the browser's cookie, which then is over, whatever the outcome;
   * a forged link with another state does not end it.
   */
  async arrive(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const journey = this.journeys.of(request);
    if (!journey || !isStateOf(journey, Form.ofTarget(request.url).get('state'))) {
      return this.fail(OAuthError.invalidRequest('upstream_state'), journey, request, reply);
    }
    this.journeys.end(reply);
    const proof = await this.prove(journey, request);
    if (proof instanceof OAuthError) return this.fail(proof, journey, request, reply);
    await this.signIn.complete(request, reply, proof, journey.authorizationRequest);
  }

  /** @returns an error of the provider or of the account */
  private async prove(journey: UpstreamJourney, request: FastifyRequest): Promise<Proof | OAuthError> {
    const answer = this.journeys.answerIn(request);
    const identity = await this.provider.identify(answer, journey, request.ip).catch(upstreamFailure);
    if (identity instanceof OAuthError) return identity;
    const { issuer, subject: externalSubject, claims, amr, authTime } = identity;
    const now = this.clock.now();
    const asked = wishesOf(journey.authorizationRequest);
    if (!isFresh(authTime, asked, { startedAt: journey.startedAt, now })) {
      return new OAuthError('access_denied', { reason: 'upstream_not_fresh' });
    }
    const found = await this.users.findOrCreateLinked(issuer, externalSubject, claims, contextOf(request));
    if (!found) return new OAuthError('access_denied', { reason: 'account_disabled' });
    return { ...found, acr: ACR_UPSTREAM, amr, authTime: authTime ?? now };
  }

  private fail(
    error: OAuthError,
    journey: UpstreamJourney | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    request.outcome = { ...request.outcome, result: error.reason };
    this.logger.warn({ msg: 'upstream sign-in failed', correlation_id: request.id, ...diagnosisOf(error) });
    this.journeys.showFailure(error, journey, request, reply);
  }
}
