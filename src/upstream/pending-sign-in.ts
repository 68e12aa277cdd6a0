/**
 * A sign-in in progress at the upstream provider: the values to check in the response (RFC 6749 §10.12, OpenID Connect Core
 * §3.1.2.1, RFC 7636), and the authorization request to continue. It is sealed in a cookie of the browser, so nothing is stored
 * and no other browser can complete it.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { open, seal, WrongMasterKeyError } from '../keys/master-key.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';

export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Form-encoded parameters; absent if the user only signs in. */
  readonly authorizationRequest?: string | undefined;
}

/** Long enough for a second factor or a password reset. */
export const PENDING_SIGN_IN_MS = 10 * 60_000;

/** A cookie has 4096 bytes including name and attributes, and sealing takes a third. */
export const MAX_PENDING_REQUEST_CHARACTERS = 2400;

const SEALED_FOR = 'upstream-sign-in';

export function newPendingSignIn(startedAt: number, authorizationRequest: string | undefined): PendingSignIn {
  return { state: random(), nonce: random(), codeVerifier: random(), startedAt, authorizationRequest };
}

/** 256 bits in 43 characters, the minimum for a code verifier (RFC 7636 §4.1). */
const random = (): string => randomBytes(32).toString('base64url');

export const sealPendingSignIn = (key: Buffer, pending: PendingSignIn): string =>
  seal(key, Buffer.from(JSON.stringify(pending)), SEALED_FOR).toString('base64url');

/** @returns undefined if it was not sealed here, or the sign-in took too long */
export function openPendingSignIn(key: Buffer, sealed: string | undefined, now: number): PendingSignIn | undefined {
  if (sealed === undefined) return undefined;
  try {
    const pending = JSON.parse(open(key, Buffer.from(sealed, 'base64url'), SEALED_FOR).toString()) as PendingSignIn;
    return now - pending.startedAt < PENDING_SIGN_IN_MS ? pending : undefined;
  } catch (error) {
    if (error instanceof WrongMasterKeyError) return undefined;
    throw error;
  }
}

export function isStateOf({ state }: PendingSignIn, presented: string | undefined): boolean {
  const [expected, given] = [Buffer.from(state), Buffer.from(presented ?? '')];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** The parameters of an authorization request that are passed on to the upstream provider. */
export interface UpstreamWishes {
  readonly prompt?: 'login' | 'select_account';
  readonly maxAgeSeconds?: number;
  readonly loginHint?: string;
  readonly uiLocales?: string;
}

const MAX_HINT_CHARACTERS = 255;

/** Empty for an invalid request: `/authorize` reports the error after the sign-in. */
export function wishesOf(authorizationRequest: string | undefined): UpstreamWishes {
  const form = formOf(authorizationRequest ?? '');
  if (!form) return {};
  const prompts = (form.get('prompt') ?? '').split(' ');
  const prompt = (['login', 'select_account'] as const).find((one) => prompts.includes(one));
  const maxAge = form.get('max_age');
  const [loginHint, uiLocales] = [form.get('login_hint'), form.get('ui_locales')];
  return {
    ...(prompt && { prompt }),
    ...(maxAge !== undefined && /^\d{1,9}$/.test(maxAge) && { maxAgeSeconds: Number(maxAge) }),
    ...(isShort(loginHint) && { loginHint }),
    ...(isShort(uiLocales) && { uiLocales }),
  };
}

const isShort = (text: string | undefined): text is string => text !== undefined && text.length <= MAX_HINT_CHARACTERS;

function formOf(encoded: string): Form | undefined {
  try {
    return Form.parse(encoded);
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
}
