import { Catch, Logger, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { toOAuthError } from './http-error.js';
import { logError } from './log-error.js';
import { noteRefusal } from './request-context.js';
import { STANDARD_HEADERS } from './standard-headers.js';

/** Writes every error of the OAuth endpoints as RFC 6749 §5.2 wants it: flat JSON, fixed texts, nothing of the request. */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(OAuthErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = methodMismatch(thrown, request) ?? toOAuthError(thrown);
    if (error.status >= 500) logError(this.logger, error, request.id);
    noteRefusal(request, error);
    // The route may have said already that its answer can be cached: an error cannot.
    const headers = { ...STANDARD_HEADERS, ...error.headers };
    void reply.status(error.status).headers(headers).type('application/json; charset=utf-8').send(error.toJSON());
  }
}

/** A route that exists for other methods is not a 404 (RFC 9110 §15.5.6). */
export function methodMismatch(thrown: unknown, request: FastifyRequest): OAuthError | undefined {
  if (!(thrown instanceof NotFoundException)) return undefined;
  const allowed = request.server.routeTable.methodsOf(request.url.split('?', 1)[0]!);
  return allowed.length > 0 ? OAuthError.methodNotAllowed(allowed.join(', ')) : undefined;
}
