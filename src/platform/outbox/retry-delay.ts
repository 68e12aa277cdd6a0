const FIRST_DELAY_MS = 5000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;

/**
 * The time until the next attempt of a delivery. Doubles with each attempt, up to an hour. Half of it is random, so that entries
 * that failed together are not retried together.
 * @param chance a random number from 0 up to 1
 */
export function retryDelayMs(attempts: number, chance: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  return Math.round(delay / 2 + (delay / 2) * chance);
}
