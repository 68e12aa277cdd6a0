import { expect, it } from '@jest/globals';
import { DELAYS, NO_DELAY, delayBound, healthOf } from './client-health.js';

const count = (outcome: string, number: number, delaySeconds = NO_DELAY) => ({ outcome, delaySeconds, count: number });

it('a delay belongs to the first bound that it does not exceed', () => {
  expect([0, 1000, 1001, 60_000, 60_001, 10 ** 12].map(delayBound)).toEqual([1, 1, 2, 60, 90, DELAYS.at(-1)]);
});

it('health has totals, refusals by reason and the share of late tokens', () => {
  const counts = [count('rotated', 90), count('renewed', 4), count('retry', 3, 5), count('reuse', 2, 90)];
  expect(healthOf([...counts, count('stale', 1), count('malformed', 7), count('revoked', 1)], 60)).toEqual({
    refreshes: 94,
    retries: 3,
    stale: 1,
    reuse: 2,
    refused: { malformed: 7, revoked: 1 },
    lateShare: 0.03,
    delays: [
      { upToSeconds: 5, retries: 3, late: 0 },
      { upToSeconds: 90, retries: 0, late: 2 },
    ],
    suggestedWindowSeconds: undefined,
  });
});

it.each([
  ['covers all but a thousandth', [count('rotated', 9700), count('reuse', 291, 120), count('reuse', 9, 3600)], 120],
  ['is not needed while a thousandth at most is late', [count('rotated', 9999), count('reuse', 1, 90)], undefined],
  ['is not given where ten minutes would not be enough', [count('rotated', 90), count('reuse', 10, 1800)], undefined],
  ['is not given for tokens that were used before', [count('rotated', 90), count('stale', 10)], undefined],
  ['is not given for a client without refreshes', [], undefined],
])('a suggested grace period %s', (_, counts, expected) => {
  expect(healthOf(counts, 60).suggestedWindowSeconds).toBe(expected);
});
