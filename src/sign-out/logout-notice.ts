/**
 * A notice in the outbox of back-channel logout. Delivery is at least once, or given up after a day. A notice is leased before
 * it is delivered: if the replica dies, another one takes over, and the client may be notified twice.
 */
export interface LogoutNotice {
  readonly id: string;
  readonly clientId: string;
  readonly subject: string;
  /** The login session that ended: the `sid` of the logout token. */
  readonly sessionId: string;
  /** Number of attempts, including this one. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export const NOTICE_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** After this time without an answer, the delivery is retried later. */
export const DELIVERY_TIMEOUT_MS = 5000;

/** Longer than a delivery and the statements before and after it. */
export const LEASE_MS = 3 * DELIVERY_TIMEOUT_MS;

const FIRST_DELAY_MS = 5000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;

/**
 * Doubles with each attempt, up to an hour. Half of it is random, so that notices that failed together are not retried
 * together.
 * @param chance a random number from 0 up to 1
 */
export function retryDelayMs(attempts: number, chance: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  return Math.round(delay / 2 + (delay / 2) * chance);
}

/** Expired and tried at least once: a notice that no replica could take up for a day is still tried once. */
export const isOver = ({ attempts, expiresAt }: LogoutNotice, now: number): boolean => attempts > 1 && now >= expiresAt;
