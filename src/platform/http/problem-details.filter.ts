import { STATUS_CODES } from 'node:http';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OAuthError } from '../../oauth/oauth-error.js';
import { toOAuthError } from './http-error.js';
import { InvalidFields, type FieldProblem } from './invalid-fields.js';
import { issuerPath } from './issuer-path.js';
import { logError } from './log-error.js';
import { methodMismatch } from './oauth-error.filter.js';
import { noteRefusal } from './request-context.js';

/** RFC 9457 §3.1, and what it leaves to the service (§3.2): a code for machines, the fields, where to look in the log. */
export interface ProblemDetails {
  /** No problem here needs a page of its own: its title is its status' (RFC 9457 §4.2.1). */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly FieldProblem[];
  readonly correlation_id: string;
}

/** Writes the errors below one path as problem details, also where no route is, and leaves all others to another filter. */
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

/** Where the admin API is, and so where errors are problems. */
export const adminPathOf = (issuer: string): string => `${issuerPath({ issuer })}/admin`;

/** By its route where it has one, because a path can be spelled in many ways. */
export function isBelow(path: string, { routeOptions, url }: FastifyRequest): boolean {
  const own = routeOptions?.url ?? url.split('?', 1)[0]!;
  return own === path || own.startsWith(`${path}/`);
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
