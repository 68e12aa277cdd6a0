/**
 * What the outbox of back-channel logout promises: a client is told at least once, or given up after a day. A notice is
 * leased before it is delivered: if the replica dies, another one takes over, and the client may be told twice.
 */
export interface LogoutNotice {
  readonly id: string;
  readonly clientId: string;
  readonly subject: string;
  /** The login session that ended: the `sid` of the logout token. */
  readonly sessionId: string;
  /** How often it has been taken up, this time included. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export const NOTICE_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** A client that does not answer in this time is asked again later. */
export const DELIVERY_TIMEOUT_MS = 5000;

/** Longer than a delivery and what the database needs before and after it. */
export const LEASE_MS = 3 * DELIVERY_TIMEOUT_MS;

const FIRST_DELAY_MS = 5000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;

/**
 * Twice as long after each attempt, up to an hour; half of it by chance, so that what failed together does not come back
 * together.
 * @param chance from 0 up to 1
 */
export function retryDelayMs(attempts: number, chance: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  return Math.round(delay / 2 + (delay / 2) * chance);
}

/** Its time is over, and it was tried: even one that nobody could take up for a day is tried once. */
export const isOver = ({ attempts, expiresAt }: LogoutNotice, now: number): boolean => attempts > 1 && now >= expiresAt;
