import type { Logger } from '@nestjs/common';
import { codeOf } from '../database/database-errors.js';

/**
 * Logs the safe parts of an unexpected error. Never the error itself: a database error contains its statement, parameters and
 * row, and so the handles of families.
 */
export function logError(logger: Logger, error: Error & { reason?: string }, correlationId: string): void {
  const cause = rootOf(error);
  logger.error({
    msg: 'request failed',
    correlation_id: correlationId,
    reason: error.reason,
    error: cause.name,
    code: codeOf(cause),
    // Messages of the database may quote values; ours and the runtime's do not.
    ...(codeOf(cause) === '' && { message: cause.message, stack: cause.stack }),
  });
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);
