/** An error as JSON: for the clients of the OAuth endpoints, and for those of the admin API. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OAuthError } from '../../oauth/oauth-error.js';
import { InvalidFields, type FieldProblem } from './invalid-fields.js';
import { STANDARD_HEADERS } from './standard-headers.js';

/** RFC 6749 §5.2: flat JSON with fixed texts, without input. */
export function sendOAuthError(error: OAuthError, reply: FastifyReply): void {
  // The route may have set caching headers already, but errors must not be cached.
  const headers = { ...STANDARD_HEADERS, ...error.headers };
  void reply.status(error.status).headers(headers).type('application/json; charset=utf-8').send(error.toJSON());
}

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
