import { codeOf } from './database-errors.js';

/** The two SQLSTATE classes (PostgreSQL manual, appendix A) whose messages quote values. */
const QUOTES_VALUES = /^2[23]/;

/** SQLSTATE and message of a failure in one line. Never the statement, parameters or detail, which may contain secrets. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const text = QUOTES_VALUES.test(code) ? '' : textOf(error);
  return text.includes(code) ? text : `${code} ${text}`.trim();
}

function textOf(error: unknown): string {
  // From Node, if all addresses of a host name failed; its message is empty.
  if (error instanceof AggregateError) return error.errors.map(textOf).join(', ');
  return error instanceof Error ? error.message.replace(/\s+/g, ' ').replace(/\.$/, '') : '';
}
