/**
 * The only source of the current time. All code takes the time from here or as an argument, so that tests can set it. Two
 * implementations: the system clock, and a manual one in the tests.
 */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
}

export const systemClock: Clock = { now: Date.now };
