import { Catch, Logger, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { toOAuthError } from './http-error.js';
import { logError } from './log-error.js';
import { noteRefusal } from './request-context.js';
import { STANDARD_HEADERS } from './standard-headers.js';

/** Writes errors of the OAuth endpoints in the format of RFC 6749 §5.2: flat JSON with fixed texts, without input. */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(OAuthErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = methodMismatch(thrown, request) ?? toOAuthError(thrown);
    if (error.status >= 500) logError(this.logger, error, request.id);
    noteRefusal(request, error);
    // The route may have set caching headers already, but errors must not be cached.
    const headers = { ...STANDARD_HEADERS, ...error.headers };
    void reply.status(error.status).headers(headers).type('application/json; charset=utf-8').send(error.toJSON());
  }
}

/** A 405 instead of a 404 if the path exists for other methods (RFC 9110 §15.5.6). */
export function methodMismatch(thrown: unknown, request: FastifyRequest): OAuthError | undefined {
  if (!(thrown instanceof NotFoundException)) return undefined;
  const allowed = request.server.routeTable.methodsOf(request.url.split('?', 1)[0]!);
  return allowed.length > 0 ? OAuthError.methodNotAllowed(allowed.join(', ')) : undefined;
}
