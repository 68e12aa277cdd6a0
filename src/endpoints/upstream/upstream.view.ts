import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { problemOf } from '../../pages/page-problem.js';
import { Pages } from '../../pages/pages.view.js';
import { wishesOf } from '../../upstream/pending-sign-in.js';
import { UpstreamFailedPage } from './upstream-failed.page.js';
import type { UpstreamFailure } from './upstream-sign-in.service.js';

/** The page for a sign-in that failed at the provider, from which the user can try again. */
@Injectable()
export class UpstreamView {
  constructor(
    private readonly pages: Pages,
    private readonly requests: AuthorizationRequests,
    private readonly config: Config,
  ) {}

  failed({ error, pending }: UpstreamFailure, request: FastifyRequest, reply: FastifyReply): void {
    const problem = problemOf(error);
    const query = pending?.authorizationRequest;
    const href = query === undefined ? `${issuerPath(this.config)}/sign-in` : this.requests.url(query);
    request.outcome = { ...request.outcome, result: error.reason };
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
