/** Error messages for users. The details go to the log. */
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';

export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** Error codes of an authorization response (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'You did not allow it, so this application was told nothing about you.',
  login_required: 'You are not signed in at the issuer, and it was asked not to show you a sign-in page.',
  consent_required: 'The issuer has to ask you first, and it was asked not to.',
  interaction_required: 'The issuer has something to ask you, and it was asked not to.',
  temporarily_unavailable: 'The issuer cannot answer at the moment. Try again in a while.',
};

export const UNKNOWN_SIGN_IN: Problem = {
  status: 400,
  title: 'This sign-in is not known here',
  text: 'It was begun in another browser, too long ago, or it has been finished already. Nothing has happened.',
};

export const NOT_FOUND: Problem = { status: 404, title: 'Not found', text: 'There is no such page.' };

export const FOREIGN_FORM: Problem = {
  status: 403,
  title: 'Not from this page',
  text: 'The request came from another site, and was not carried out.',
};

export function problemOf(error: unknown): Problem {
  if (error instanceof AuthorizationResponseError) {
    const text = REFUSALS[error.error] ?? 'The issuer refused the request.';
    return { status: 400, title: 'You are not signed in', text: `${text} (${error.error})` };
  }
  if (error instanceof ResponseBodyError) {
    return { status: 502, title: 'The issuer refused', text: `It answered ${error.error}.` };
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    const code = error.cause[0]?.parameters.error ?? `status ${error.status}`;
    return { status: 502, title: 'The token was not accepted', text: `The answer was ${code}.` };
  }
  return {
    status: 502,
    title: 'That did not work',
    text: 'The issuer cannot be reached, or its answer was not what it has to be. You are as signed in as before; try again.',
  };
}

/** For the log. Contains no tokens, because the library's messages contain none. */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.name}${error instanceof ClientError && error.code ? ` ${error.code}` : ''}: ${error.message}${cause}`;
}
