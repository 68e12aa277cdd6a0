/**
 * A login session: one browser in which a user is signed in. Its cookie is in `session-cookie.ts`; only its digest is stored.
 */
import type { ProvenUser } from '../users/proven-user.js';

export interface LoginSession {
  /** The `sid` of ID tokens and logout tokens: no secret. */
  readonly id: string;
  readonly subject: string;
  /** When the user last authenticated. Milliseconds since the epoch, as all times here. */
  readonly authTime: number;
  /** See `oauth/authentication.ts`. */
  readonly acr: string;
  readonly amr: readonly string[];
  /** Address and user agent of the last sign-in. */
  readonly source: string;
  readonly userAgent: string;
  readonly createdAt: number;
  /** To the minute. */
  readonly lastUsedAt: number;
  /** The absolute end. */
  readonly expiresAt: number;
}

/** The result of an authentication. */
export interface Proof extends ProvenUser {
  readonly acr: string;
  readonly amr: readonly string[];
  /** Milliseconds since the epoch; by default now. An upstream provider may have authenticated the user earlier. */
  readonly authTime?: number;
}

/** A minute is precise enough, and each write costs a row version. */
export const USE_PRECISION_MS = 60_000;

const MAX_USER_AGENT_CHARACTERS = 256;

/** The user agent is shown to the user, so it becomes one line of printable ASCII. */
export const userAgentText = (header: string | undefined): string =>
  (header ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, MAX_USER_AGENT_CHARACTERS);
