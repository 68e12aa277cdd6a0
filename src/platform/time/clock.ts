/**
 * The only source of "now". Everything that depends on time takes it from here or as an argument, so that
 * tests can move it. Two implementations: the system's, and the one the tests turn by hand.
 */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}
