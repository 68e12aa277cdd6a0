/** Which of the fixed sentences an error page says. */
import type { PageProblem } from './texts.js';

/** What of an `OAuthError` decides it. */
export interface PageError {
  readonly status: number;
  /** The word for the log. */
  readonly reason: string;
}

/** Reasons that tell the user more than the status does. */
const byReason: Readonly<Record<string, PageProblem>> = {
  form_token: 'formExpired',
  foreign_origin: 'formExpired',
  unknown_client: 'unknownClient',
  client_disabled: 'unknownClient',
  unknown_redirect_uri: 'unknownClient',
};

const byStatus: Readonly<Record<number, PageProblem>> = {
  403: 'refused',
  404: 'notFound',
  405: 'methodNotAllowed',
  413: 'tooLarge',
  414: 'tooLarge',
  429: 'tooManyAttempts',
  503: 'unavailable',
};

/** Of signing in elsewhere: `upstream_state`, `upstream_token` … */
const UPSTREAM = /^upstream_/;

export function problemOf({ status, reason }: PageError): PageProblem {
  if (Object.hasOwn(byReason, reason)) return byReason[reason]!;
  if (UPSTREAM.test(reason) && status < 500) return 'upstreamFailed';
  return byStatus[status] ?? (status >= 500 ? 'unexpected' : 'badRequest');
}
