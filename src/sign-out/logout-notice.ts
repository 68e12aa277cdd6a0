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

/** Expired and tried at least once: a notice that no replica could take up for a day is still tried once. */
export const isOver = ({ attempts, expiresAt }: LogoutNotice, now: number): boolean => attempts > 1 && now >= expiresAt;
