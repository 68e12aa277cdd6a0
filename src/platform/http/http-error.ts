/**
 * Converts everything that a request can throw into an `OAuthError`; the filters only serialize it.
 */
import { HttpException } from '@nestjs/common';
import type { FastifyError } from 'fastify';
import { isTransient, isUnavailable } from '../database/database-errors.js';
import { isOfDatabase } from '../database/database-pool.js';
import { OAuthError } from '../../oauth/oauth-error.js';

export function toOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (isOfDatabase(error)) {
    if (isUnavailable(error)) return OAuthError.unavailable('database', error);
    // The retries are used up.
    if (isTransient(error)) return OAuthError.unavailable('contention', error);
  }
  if (error instanceof HttpException) return ofStatus(error.getStatus(), error);
  // JavaScript can throw any value, also `undefined`.
  return ofStatus((error as Partial<FastifyError> | undefined | null)?.statusCode ?? 500, error);
}

const CONTENT_TYPE = 'The body must be application/x-www-form-urlencoded, and application/json for the admin API.';

function ofStatus(status: number, cause: unknown): OAuthError {
  switch (status) {
    case 401:
      return new OAuthError('invalid_token', { cause, headers: { 'WWW-Authenticate': 'Bearer' } });
    case 404:
      return new OAuthError('not_found', { cause });
    case 413:
      return new OAuthError('request_too_large', { cause });
    case 415:
      // RFC 6749 §5.2 has no 415: a wrong content type is a malformed request.
      return new OAuthError('invalid_request', { reason: 'content_type', description: CONTENT_TYPE, cause });
    case 429:
      return new OAuthError('too_many_requests', { cause, headers: { 'Retry-After': '1' } });
    case 503:
      return OAuthError.unavailable('dependency', cause);
    default:
      if (status >= 400 && status < 500)
        return new OAuthError('invalid_request', { reason: `http_${status}`, status, cause });
      return new OAuthError('server_error', { cause });
  }
}
