import { Clock } from '../../src/platform/time/clock.js';

/** A clock that stands still until a test moves it. */
export class TestClock extends Clock {
  constructor(private time = Date.UTC(2030, 0, 1)) {
    super();
  }

  now(): number {
    return this.time;
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
  }

  advanceSeconds(seconds: number): void {
    this.advance(seconds * 1000);
  }
}
