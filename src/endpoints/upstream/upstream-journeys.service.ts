import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';
import { Config } from '../../platform/config/config.js';
import { areSecure, cookieName, cookieOf, setCookie } from '../../platform/http/cookie.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { deriveKey } from '../../keys/master-key.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { problemOf } from '../../pages/page-problem.js';
import { Pages } from '../../pages/pages.service.js';
import { Clock } from '../../platform/time/clock.js';
import { UpstreamFailedPage } from './upstream-failed.page.js';
import {
  JOURNEY_MS,
  MAX_JOURNEY_REQUEST_CHARACTERS,
  newJourney,
  openJourney,
  sealJourney,
  wishesOf,
  type UpstreamJourney,
} from '../../upstream/upstream-journey.js';

const COOKIE = 'upstream';

/** Upstream sign-ins in the browser: their cookie, URLs, and error page. */
@Injectable()
export class UpstreamJourneys {
  /** As registered at the provider. */
  readonly redirectUri: string;
  private readonly path: string;
  private readonly secure: boolean;
  private readonly key: Buffer;

  constructor(
    private readonly pages: Pages,
    private readonly requests: AuthorizationRequests,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.redirectUri = `${config.issuer}/sign-in/upstream/callback`;
    this.path = issuerPath(config);
    this.secure = areSecure(config.issuer);
    this.key = deriveKey(config.secret, 'upstream-sign-in');
  }

  /** @throws OAuthError if the authorization request does not fit into a cookie */
  begin(authorizationRequest: string | undefined): UpstreamJourney {
    if (authorizationRequest !== undefined && authorizationRequest.length > MAX_JOURNEY_REQUEST_CHARACTERS) {
      throw OAuthError.invalidRequest('too_long');
    }
    return newJourney(this.clock.now(), authorizationRequest);
  }

  give(reply: FastifyReply, journey: UpstreamJourney): void {
    const sealed = sealJourney(this.key, journey);
    void reply.header('set-cookie', setCookie(COOKIE, sealed, JOURNEY_MS / 1000, this.secure));
  }

  /** @returns undefined if the browser has none, or it took too long */
  of({ headers }: FastifyRequest): UpstreamJourney | undefined {
    return openJourney(this.key, cookieOf(headers.cookie, cookieName(COOKIE, this.secure)), this.clock.now());
  }

  end(reply: FastifyReply): void {
    void reply.header('set-cookie', setCookie(COOKIE, '', 0, this.secure));
  }

  /** The URL of the response, with the redirect URI that the provider knows. */
  answerIn({ url }: FastifyRequest): URL {
    const answer = new URL(this.redirectUri);
    answer.search = url.slice(url.indexOf('?') + 1 || url.length);
    return answer;
  }

  showFailure(
    error: OAuthError,
    journey: UpstreamJourney | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const problem = problemOf(error);
    const query = journey?.authorizationRequest;
    const href = query === undefined ? `${this.path}/sign-in` : this.requests.url(query);
    void reply.headers(error.headers);
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.errors[problem].title,
        body: UpstreamFailedPage({ texts, problem, correlationId: request.id, href }),
        failed: true,
      }),
      { status: error.status, uiLocales: wishesOf(query).uiLocales },
    );
  }
}
