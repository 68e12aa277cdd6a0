/**
 * The console's session with its user: the access token that the console has in the user's name. It is sealed in a cookie, so the
 * browser holds it without being able to read it, and nothing is stored.
 */
import { randomBytes } from 'node:crypto';
import { open, seal, type SealedKind } from '../../keys/sealed-token.js';
import type { TokenKey } from '../../keys/token-key.js';

export interface ConsoleSession {
  readonly accessToken: string;
  /** Milliseconds since the epoch: when the access token is replaced. */
  readonly renewAt: number;
}

/** A sign-in under way. */
export interface PendingConsoleSignIn {
  readonly state: string;
  readonly codeVerifier: string;
  /** The page to go on to: a path of the console. */
  readonly to: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Long enough for a second factor or a password reset. */
const PENDING_MS = 10 * 60_000;

/** Access tokens are replaced before they expire, so that none expires on its way. */
const MARGIN_MS = 20_000;

type KeyOf = (id: number) => TokenKey | undefined;

const SESSION: SealedKind = { prefix: 's', purpose: 'rekey/console-session' };
const PENDING: SealedKind = { prefix: 'p', purpose: 'rekey/console-sign-in' };

export interface TokensReceived {
  readonly access_token: string;
  readonly expires_in: number;
}

export const sessionOf = (tokens: TokensReceived, now: number): ConsoleSession => ({
  accessToken: tokens.access_token,
  renewAt: now + tokens.expires_in * 1000 - MARGIN_MS,
});

export const sealSession = (session: ConsoleSession, key: TokenKey): string => seal(SESSION, session, key);

export const openSession = (sealed: string, keyOf: KeyOf): ConsoleSession | undefined =>
  open(SESSION, sealed, keyOf) as ConsoleSession | undefined;

export const newPendingSignIn = (to: string, startedAt: number): PendingConsoleSignIn => ({
  state: newSecret(),
  codeVerifier: newSecret(),
  to,
  startedAt,
});

export const sealPending = (pending: PendingConsoleSignIn, key: TokenKey): string => seal(PENDING, pending, key);

/** @returns undefined if it was not sealed here, or the sign-in took too long */
export function openPending(sealed: string, keyOf: KeyOf, now: number): PendingConsoleSignIn | undefined {
  const pending = open(PENDING, sealed, keyOf) as PendingConsoleSignIn | undefined;
  return pending && now - pending.startedAt < PENDING_MS ? pending : undefined;
}

/** 256 bits (RFC 7636 §4.1). */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * @param to as the browser asks for it
 * @param home the console's path, which ends with a slash
 * @returns a path of the console; its home for anything else, so that no link leads from here to another site
 */
export function pathWithin(to: string | undefined, home: string): string {
  const base = 'http://console.invalid';
  if (to === undefined || !URL.canParse(to, base)) return home;
  const { origin, pathname, search } = new URL(to, base);
  return origin === base && pathname.startsWith(home) ? pathname + search : home;
}
