/**
 * The error type of the OAuth endpoints, and the table of its codes. The description is fixed text for the caller (RFC 6749
 * §5.2), one per code so that it reveals nothing else; the reason goes to the log and the audit log only.
 */
import { loggableScope } from './loggable.js';

interface CodeFacts {
  readonly status: number;
  /** Only %x20-21 / %x23-5B / %x5D-7E: RFC 6749 §5.2. */
  readonly description: string;
}

const codes = {
  invalid_request: {
    status: 400,
    description: 'The request is malformed: a parameter is missing, repeated or unreadable.',
  },
  invalid_client: { status: 401, description: 'Client authentication failed.' },
  invalid_grant: {
    status: 400,
    description: 'The grant is invalid, expired, revoked, or was issued to another client.',
  },
  invalid_scope: { status: 400, description: 'The scope goes beyond what was granted.' },
  invalid_target: { status: 400, description: 'The resource goes beyond what was granted.' },
  unauthorized_client: { status: 400, description: 'This client may not do that.' },
  unsupported_grant_type: { status: 400, description: 'The grant type is not supported.' },
  unsupported_response_type: { status: 400, description: 'The response type is not supported.' },
  access_denied: { status: 403, description: 'The request was refused.' },
  login_required: { status: 400, description: 'The user must sign in, but the request does not allow that.' },
  consent_required: {
    status: 400,
    description: 'The user must give consent, but the request does not allow asking for it.',
  },
  interaction_required: {
    status: 400,
    description: 'The user must be asked, but the request does not allow that.',
  },
  account_selection_required: {
    status: 400,
    description: 'The user must choose an account, but the request does not allow that.',
  },
  request_not_supported: { status: 400, description: 'The parameter request is not supported.' },
  request_uri_not_supported: { status: 400, description: 'The parameter request_uri is not supported.' },
  registration_not_supported: { status: 400, description: 'The parameter registration is not supported.' },
  unmet_authentication_requirements: {
    status: 400,
    description: 'The user cannot be authenticated in the requested way.',
  },
  authentication_required: { status: 401, description: 'This resource needs an access token.' },
  invalid_token: { status: 401, description: 'The access token is invalid, expired or revoked.' },
  insufficient_scope: { status: 403, description: 'The access token lacks the scope that this resource needs.' },
  not_found: { status: 404, description: 'There is nothing here.' },
  method_not_allowed: { status: 405, description: 'This endpoint does not support that method.' },
  conflict: { status: 409, description: 'The state of the resource does not allow that.' },
  request_too_large: { status: 413, description: 'The request is too large: a body has 16 KiB at most.' },
  too_many_requests: { status: 429, description: 'Too many attempts. Wait, then try again.' },
  server_error: { status: 500, description: 'The server met an unexpected condition.' },
  temporarily_unavailable: { status: 503, description: 'The server cannot answer right now. Try again shortly.' },
} as const satisfies Record<string, CodeFacts>;

export type OAuthErrorCode = keyof typeof codes;

export interface OAuthErrorOptions {
  /** A word or two on why, for the log and the audit log; never sent to the caller. */
  readonly reason?: string;
  /** The refused client, if known; for the log and the audit log. */
  readonly clientId?: string | undefined;
  /** The values that did not match; short and without secrets, for the log and the audit log. */
  readonly compared?: Readonly<Record<string, string>> | undefined;
  /** What would have matched; an error page shows it outside production. */
  readonly registered?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
  /** A more specific fixed text, where the code alone would not tell a developer what to fix. */
  readonly description?: string;
  readonly status?: number;
}

export class OAuthError extends Error {
  readonly status: number;
  readonly description: string;
  readonly reason: string;
  readonly clientId: string | undefined;
  readonly compared: Readonly<Record<string, string>> | undefined;
  readonly registered: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: OAuthErrorCode,
    options: OAuthErrorOptions = {},
  ) {
    super(`${code}: ${options.reason ?? code}`, { cause: options.cause });
    this.name = 'OAuthError';
    this.status = options.status ?? codes[code].status;
    this.description = options.description ?? codes[code].description;
    this.reason = options.reason ?? code;
    this.clientId = options.clientId;
    this.compared = options.compared;
    this.registered = options.registered;
    this.headers = options.headers ?? {};
  }

  toJSON(): { error: string; error_description: string } {
    return { error: this.code, error_description: this.description };
  }

  static invalidRequest = (reason: string, description?: string) =>
    new OAuthError('invalid_request', description === undefined ? { reason } : { reason, description });

  /** @param name the parameter's name; the error does not repeat its value */
  static malformedParameter = (name: string) =>
    OAuthError.invalidRequest(`bad_${name}`, `The parameter ${name} is missing or malformed.`);

  static invalidGrant = (reason: string) => new OAuthError('invalid_grant', { reason });

  static invalidScope = (reason: string, description?: string) =>
    new OAuthError('invalid_scope', description === undefined ? { reason } : { reason, description });

  /** RFC 6749 §3.3 */
  static malformedScope = () => OAuthError.invalidScope('malformed', 'The parameter scope is malformed.');

  /**
   * @param tokens those that are not registered for the client
   * @param named whether the answer names them; the JSON endpoints repeat nothing of a request, and the log has them anyway
   */
  static scopeBeyondClient(tokens: readonly string[], { named }: { named: boolean }): OAuthError {
    const scope = loggableScope(tokens);
    const names = named ? `: ${scope.replaceAll('…', '...')}` : '.';
    const description = `The scope is not registered for this client${names}`;
    return new OAuthError('invalid_scope', { reason: 'beyond_client', compared: { scope }, description });
  }

  static unauthorizedClient = (reason: string) => new OAuthError('unauthorized_client', { reason });

  /** RFC 9110 §15.5.2: every 401 names a way to authenticate. */
  static invalidClient = (reason: string, details: Pick<OAuthErrorOptions, 'clientId' | 'description'> = {}) =>
    new OAuthError('invalid_client', {
      ...details,
      reason,
      headers: { 'WWW-Authenticate': 'Basic realm="rekey", charset="UTF-8"' },
    });

  static methodNotAllowed = (allow: string) => new OAuthError('method_not_allowed', { headers: { Allow: allow } });

  static tooManyRequests = (retryAfterSeconds: number, reason: string, clientId?: string) =>
    new OAuthError('too_many_requests', { reason, clientId, headers: { 'Retry-After': String(retryAfterSeconds) } });

  static unavailable = (reason: string, cause?: unknown) =>
    new OAuthError('temporarily_unavailable', { reason, cause, headers: { 'Retry-After': '1' } });
}
