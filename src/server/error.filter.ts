import { Catch, Logger, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../oauth/oauth-error.js';
import { prefersHtml } from '../pages/accept.js';
import type { Pages } from '../pages/pages.view.js';
import { sendOAuthError, sendProblem } from '../platform/http/error-answers.js';
import { toOAuthError } from '../platform/http/http-error.js';
import { isBelow } from '../platform/http/issuer-path.js';
import { logError } from '../platform/http/log-error.js';
import { noteRefusal } from '../platform/http/request-context.js';

/**
 * Answers all errors, in the format of the request: a page, problem details, or JSON. Global and by path, because unknown paths
 * and the errors of hooks and body parsers reach no controller that a filter could be attached to.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  constructor(
    private readonly pages: Pages,
    private readonly adminPath: string,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const error = methodMismatch(thrown, request) ?? toOAuthError(thrown);
    if (error.status >= 500) logError(this.logger, error, request.id);
    noteRefusal(request, error);
    this.answer(error, request, host.switchToHttp().getResponse<FastifyReply>());
  }

  /** Also for requests that reach no route and no hook. */
  answer(error: OAuthError, request: FastifyRequest, reply: FastifyReply): void {
    const isOfAdmin = isBelow(this.adminPath, request);
    if (this.pages.areFor(request) || isLost(error, request, isOfAdmin)) this.pages.showError(error, request, reply);
    else if (isOfAdmin) sendProblem(error, request, reply);
    else sendOAuthError(error, reply);
  }
}

/** Whether a browser has followed a wrong link, anywhere on the host. */
function isLost({ status }: OAuthError, { is404, headers }: FastifyRequest, isOfAdmin: boolean): boolean {
  // A 404 of an admin route is about the resource, not about the URL.
  return (status === 404 || status === 405) && (is404 || !isOfAdmin) && prefersHtml(headers.accept);
}

/** A 405 instead of a 404 if the path exists for other methods (RFC 9110 §15.5.6). */
function methodMismatch(thrown: unknown, request: FastifyRequest): OAuthError | undefined {
  if (!(thrown instanceof NotFoundException)) return undefined;
  const allowed = request.server.routeTable.methodsOf(request.url.split('?', 1)[0]!);
  return allowed.length > 0 ? OAuthError.methodNotAllowed(allowed.join(', ')) : undefined;
}
