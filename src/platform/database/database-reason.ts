import { codeOf } from './database-errors.js';

/** PostgreSQL manual, appendix A: these two classes quote values in their messages. */
const QUOTES_VALUES = /^2[23]/;

/** SQLSTATE and text of a failure, in one line. Not the statement, its parameters or a detail, which may hold secrets. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const text = QUOTES_VALUES.test(code) ? '' : textOf(error);
  return text.includes(code) ? text : `${code} ${text}`.trim();
}

function textOf(error: unknown): string {
  // Node's own for a name with several addresses, all of which failed; its message is empty.
  if (error instanceof AggregateError) return error.errors.map(textOf).join(', ');
  return error instanceof Error ? error.message.replace(/\s+/g, ' ').replace(/\.$/, '') : '';
}
