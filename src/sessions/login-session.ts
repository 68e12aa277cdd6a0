/**
 * A login session: one browser in which a user is signed in. What is shown of it and what decides about it; the cookie that
 * proves it is in `session-cookie.ts`, and only its digest is stored.
 */
import type { ProvenUser } from '../users/proven-user.js';

export interface LoginSession {
  /** The `sid` of ID tokens and logout tokens: no secret. */
  readonly id: string;
  readonly subject: string;
  /** Milliseconds since the epoch, all of them. When the user last proved who they are. */
  readonly authTime: number;
  /** How: see `oauth/authentication.ts`. */
  readonly acr: string;
  readonly amr: readonly string[];
  /** The address and the program of the last sign-in, as far as they can be known. */
  readonly source: string;
  readonly userAgent: string;
  readonly createdAt: number;
  /** To the minute. */
  readonly lastUsedAt: number;
  /** When it ends in any case. */
  readonly expiresAt: number;
}

/** What a user has just proved. */
export interface Proof extends ProvenUser {
  readonly acr: string;
  readonly amr: readonly string[];
  /** Milliseconds since the epoch; now, unless somebody else has asked the user at another time. */
  readonly authTime?: number;
}

/** Each write would cost a row version, and nobody needs to know more exactly. */
export const USE_PRECISION_MS = 60_000;

const MAX_USER_AGENT_CHARACTERS = 256;

/** What a browser calls itself is shown to its user, so it is text in one line. */
export const userAgentText = (header: string | undefined): string =>
  (header ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, MAX_USER_AGENT_CHARACTERS);
