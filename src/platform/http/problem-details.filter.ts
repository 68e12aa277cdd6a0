import { STATUS_CODES } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OAuthError } from '../../oauth/oauth-error.js';
import { toOAuthError } from './http-error.js';
import { InvalidFields, type FieldProblem } from './invalid-fields.js';
import { isBelow } from './issuer-path.js';
import { logError } from './log-error.js';
import { methodMismatch } from './oauth-error.filter.js';
import { noteRefusal } from './request-context.js';

/** RFC 9457 §3.1, with extension members (§3.2): a code for programs, the invalid fields, the correlation id. */
export interface ProblemDetails {
  /** Our problems have no documentation page, so the title is that of the status (RFC 9457 §4.2.1). */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly FieldProblem[];
  readonly correlation_id: string;
}

/** Writes errors below one path as problem details, 404s included; other errors go to the next filter. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemDetailsFilter.name);

  constructor(
    private readonly path: string,
    private readonly otherwise: ExceptionFilter,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    if (!isBelow(this.path, request)) return void this.otherwise.catch(thrown, host);
    const error = methodMismatch(thrown, request) ?? toOAuthError(thrown);
    if (error.status >= 500) logError(this.logger, error, request.id);
    noteRefusal(request, error);
    sendProblem(error, request, host.switchToHttp().getResponse<FastifyReply>());
  }
}

export function sendProblem(error: OAuthError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = JSON.stringify(problemOf(error, request.id));
  void reply.status(error.status).headers(error.headers).type('application/problem+json').send(problem);
}

const problemOf = (error: OAuthError, correlationId: string): ProblemDetails => ({
  type: 'about:blank',
  title: STATUS_CODES[error.status] ?? 'Error',
  status: error.status,
  detail: error.description,
  code: error.code,
  ...(error instanceof InvalidFields && { errors: error.problems }),
  correlation_id: correlationId,
});
