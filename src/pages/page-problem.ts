/** Which fixed text an error page shows. */
import type { PageProblem } from './texts.js';

/** The members of an `OAuthError` that decide it. */
export interface PageError {
  readonly status: number;
  /** The reason for the log. */
  readonly reason: string;
}

/** Reasons with a more specific text than the status has. */
const byReason: Readonly<Record<string, PageProblem>> = {
  form_token: 'formExpired',
  foreign_origin: 'formExpired',
  unknown_client: 'unknownClient',
  client_disabled: 'unknownClient',
  unknown_redirect_uri: 'unknownRedirectUri',
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

/** Reasons of the upstream sign-in: `upstream_state`, `upstream_token` … */
const UPSTREAM = /^upstream_/;

export function problemOf({ status, reason }: PageError): PageProblem {
  if (Object.hasOwn(byReason, reason)) return byReason[reason]!;
  if (UPSTREAM.test(reason) && status < 500) return 'upstreamFailed';
  return byStatus[status] ?? (status >= 500 ? 'unexpected' : 'badRequest');
}
