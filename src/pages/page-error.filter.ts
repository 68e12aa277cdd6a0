import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toOAuthError } from '../platform/http/http-error.js';
import { logError } from '../platform/http/log-error.js';
import { methodMismatch } from '../platform/http/oauth-error.filter.js';
import { adminPathOf, isBelow } from '../platform/http/issuer-path.js';
import { noteRefusal, queryOf } from '../platform/http/request-context.js';
import type { Config } from '../platform/config/config.js';
import type { OAuthError } from '../oauth/oauth-error.js';
import { acceptsJsonOnly, prefersHtml } from './accept.js';
import { accountPath, browserPaths, homePath } from './browser-paths.js';
import { ErrorPage } from './error.page.js';
import { problemOf } from './page-problem.js';
import type { Pages } from './pages.view.js';

/**
 * Renders errors below the browser paths as pages, 404s included; other requests go to the next filter. A browser also gets a
 * page for a 404 or 405 at any other path.
 */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageErrorFilter.name);

  constructor(
    private readonly pages: Pages,
    private readonly config: Config,
    private readonly otherwise: ExceptionFilter,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const error = methodMismatch(thrown, request) ?? toOAuthError(thrown);
    if (!wantsPage(this.config, request) && !isLost(this.config, error, request))
      return void this.otherwise.catch(thrown, host);
    if (error.status >= 500) logError(this.logger, error, request.id);
    noteRefusal(request, error);
    showError(this.pages, error, request, host.switchToHttp().getResponse<FastifyReply>());
  }
}

/** The account also answers in JSON, to programs that accept nothing else. */
export function wantsPage(config: Config, request: FastifyRequest): boolean {
  if (isBelow(accountPath(config), request) && acceptsJsonOnly(request.headers.accept)) return false;
  if (request.routeOptions?.url === homePath(config)) return prefersHtml(request.headers.accept);
  return browserPaths(config).some((path) => isBelow(path, request));
}

/** Whether a browser has followed a wrong link, anywhere on the host. */
function isLost(config: Config, error: OAuthError, request: FastifyRequest): boolean {
  const isWrongLink = error.status === 404 || error.status === 405;
  // A 404 of an admin route is about the resource, not about the URL.
  const isElsewhere = request.is404 || !isBelow(adminPathOf(config.issuer), request);
  return isWrongLink && isElsewhere && prefersHtml(request.headers.accept);
}

export function showError(pages: Pages, error: OAuthError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  void reply.headers(error.headers);
  pages.show(
    request,
    reply,
    (texts) => ({
      title: texts.errors[problem].title,
      body: ErrorPage({ texts, problem, correlationId: request.id }),
      failed: true,
    }),
    { status: error.status, uiLocales: uiLocalesIn(request.url) },
  );
}

/** Lenient on purpose: the error may be about this very query. */
function uiLocalesIn(url: string): string | undefined {
  return new URLSearchParams(queryOf(url)).get('ui_locales') ?? undefined;
}
