import { expect, it } from '@jest/globals';
import { restartDelayMs } from './restart-delay.js';

it('each end soon after a start doubles the delay, up to half a minute', () => {
  const delays: number[] = [];
  let failures = 0;
  for (let end = 0; end < 12; end += 1) {
    const next = restartDelayMs(failures, 50);
    delays.push(next.delayMs);
    failures = next.failures;
  }
  expect(delays.slice(0, 5)).toEqual([100, 200, 400, 800, 1600]);
  expect(delays.slice(-3)).toEqual([30_000, 30_000, 30_000]);
});

it('a process that served for a minute is replaced at once, whatever happened before', () => {
  expect(restartDelayMs(9, 60_000)).toEqual({ failures: 0, delayMs: 100 });
});
