import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { retryDelayMs } from '../platform/outbox/retry-delay.js';
import { DELIVERY_TIMEOUT_MS, isOver, LEASE_MS, NOTICE_LIFETIME_MS, type LogoutNotice } from './logout-notice.js';

const HOUR = 3_600_000;

describe('the time until the next attempt', () => {
  it('the delay doubles each time, up to an hour', () => {
    const longest = Array.from({ length: 12 }, (_, index) => retryDelayMs(index + 1, 1) / 1000);
    expect(longest).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
  });

  it('the delay is between half of that and all of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
        const [delay, longest] = [retryDelayMs(attempts, chance), retryDelayMs(attempts, 1)];
        expect(delay).toBeGreaterThanOrEqual(longest / 2);
        expect(delay).toBeLessThanOrEqual(longest);
      }),
    );
  });

  it('a day has some thirty attempts', () => {
    let [time, attempts] = [0, 0];
    while (time < NOTICE_LIFETIME_MS) time += retryDelayMs((attempts += 1), 0.5);
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(60);
  });
});

it('a lease is longer than a delivery', () => {
  expect(LEASE_MS).toBeGreaterThan(2 * DELIVERY_TIMEOUT_MS);
});

describe('a notice is over', () => {
  const notice: LogoutNotice = { id: 'n', clientId: 'c', subject: 'u', sessionId: 's', attempts: 2, expiresAt: HOUR };

  it.each([
    ['after its time', notice, HOUR, true],
    ['not before', notice, HOUR - 1, false],
    ['and not at its first attempt, however late', { ...notice, attempts: 1 }, 9 * HOUR, false],
  ])('a notice is over: %s', (_, of, now, over) => {
    expect(isOver(of, now)).toBe(over);
  });
});
