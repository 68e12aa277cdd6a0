/** Classifies statement errors. SQLSTATE classes: PostgreSQL manual, appendix A. */

interface DatabaseError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly driverError?: unknown;
}

export const codeOf = (error: unknown): string => {
  const { code, driverError } = error as DatabaseError;
  if (typeof code === 'string') return code;
  return driverError ? codeOf(driverError) : '';
};

/** The server rolled the statement back, and it should be retried: serialization failure, deadlock. */
export const isTransient = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error));

/**
 * The database cannot serve: it is unreachable, starting, stopping, full, too slow, read-only, or denies the service what it
 * needs. It is unknown whether the statement took effect.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isAway = /^(08|57P0[1-5]$|53|57014$|55P03$|55000$|25006$|25P0[34]$|58)/.test(codeOf(error));
  return isAway || isNetworkFailure(error) || isDenied(error);
}

const NETWORK_CODES = /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT$)/;

// pg reports these without a code. The last two come from TypeORM, when a connection broke between statements of a transaction.
const NETWORK_MESSAGES =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Driver not Connected|the database system is|Query runner already released|Database connection provided by a query runner was already released)/i;

function isNetworkFailure(error: Error): boolean {
  return NETWORK_CODES.test(codeOf(error)) || NETWORK_MESSAGES.test(error.message);
}

/**
 * Wrong user, password or privileges, no such database, or a TLS mismatch. An error without a code comes from pg itself, before
 * it sends the password.
 */
export const isDenied = (error: unknown): boolean =>
  /^(28|3D000$|42501$|ERR_TLS|ERR_SSL|CERT_|.*_CERT)/.test(codeOf(error)) ||
  (error instanceof Error && /^SASL|SSL connection/.test(error.message));

/** A row with this key exists already. */
export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === '23505';

/** The server answered with an error, so nothing was committed and a retry is safe. */
export const isRefusal = (error: unknown): boolean => /^[0-9A-Z]{5}$/.test(codeOf(error)) && !isUnavailable(error);
