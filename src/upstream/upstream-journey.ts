/**
 * A sign-in that has gone to the upstream provider and is to come back: what must be the same then (RFC 6749 §10.12, OpenID
 * Connect Core §3.1.2.1, RFC 7636), and what the user was about to do. It travels in a cookie of the browser that went,
 * sealed, so nothing is stored, and nobody else can bring it back.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { open, seal, WrongMasterKeyError } from '../keys/master-key.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';

export interface UpstreamJourney {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Parameters, form-encoded; absent: the user wants nothing but to sign in. */
  readonly authorizationRequest?: string | undefined;
}

/** Long enough for a second factor, and for a password that was forgotten. */
export const JOURNEY_MS = 10 * 60_000;

/** A cookie has 4096 bytes with its name and its attributes, of which sealing takes a third. */
export const MAX_JOURNEY_REQUEST_CHARACTERS = 2400;

const SEALED_FOR = 'upstream-sign-in';

export function newJourney(startedAt: number, authorizationRequest: string | undefined): UpstreamJourney {
  return { state: random(), nonce: random(), codeVerifier: random(), startedAt, authorizationRequest };
}

/** 256 bits, in as many characters as a code verifier must have at least (RFC 7636 §4.1). */
const random = (): string => randomBytes(32).toString('base64url');

export const sealJourney = (key: Buffer, journey: UpstreamJourney): string =>
  seal(key, Buffer.from(JSON.stringify(journey)), SEALED_FOR).toString('base64url');

/** @returns undefined for what was not sealed here, and for a journey that has taken too long */
export function openJourney(key: Buffer, sealed: string | undefined, now: number): UpstreamJourney | undefined {
  if (sealed === undefined) return undefined;
  try {
    const journey = JSON.parse(open(key, Buffer.from(sealed, 'base64url'), SEALED_FOR).toString()) as UpstreamJourney;
    return now - journey.startedAt < JOURNEY_MS ? journey : undefined;
  } catch (error) {
    if (error instanceof WrongMasterKeyError) return undefined;
    throw error;
  }
}

export function isStateOf({ state }: UpstreamJourney, presented: string | undefined): boolean {
  const [expected, given] = [Buffer.from(state), Buffer.from(presented ?? '')];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** What of an authorization request the upstream provider is to know. */
export interface UpstreamWishes {
  readonly prompt?: 'login' | 'select_account';
  readonly maxAgeSeconds?: number;
  readonly loginHint?: string;
  readonly uiLocales?: string;
}

const MAX_HINT_CHARACTERS = 255;

/** Of a request that cannot be read there is none: it is `/authorize` that says so, after the sign-in. */
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
