import { describe, expect, it } from '@jest/globals';
import { RefusalPace } from './refusal-pace.js';

const SECOND = 1000;

describe('the limit of recorded refusals', () => {
  const times = (count: number, next: () => number | undefined) => Array.from({ length: count }, next);

  it('a key’s refusals are recorded up to the limit in a minute, and no more', () => {
    const pace = new RefusalPace(3);
    expect(times(5, () => pace.next('a', 0))).toEqual([0, 0, 0, undefined, undefined]);
  });

  it('the next recorded refusal has the number of those left out', () => {
    const pace = new RefusalPace(1);
    times(4, () => pace.next('a', 0));
    expect(pace.next('a', 60 * SECOND)).toBe(3);
    expect(pace.next('a', 120 * SECOND)).toBe(0);
  });

  it('each key is counted separately', () => {
    const pace = new RefusalPace(1);
    times(9, () => pace.next('a', 0));
    expect(pace.next('b', 0)).toBe(0);
  });

  it('a refusal does not restart the minute', () => {
    const pace = new RefusalPace(2);
    expect([0, 40, 50, 61].map((second) => pace.next('a', second * SECOND))).toEqual([0, 0, undefined, 1]);
  });
});
