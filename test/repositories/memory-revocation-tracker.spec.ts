import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryRevocationTracker } from '../../src/revocation/memory-revocation-tracker.js';
import { RevocationTruth, tokensAndRevocations } from '../support/revocation-truth.js';
import { TestClock } from '../support/test-clock.js';
import { revocationTrackerContract } from './revocation-tracker.contract.js';

revocationTrackerContract('the tracker in memory', async (live, clock) => new MemoryRevocationTracker(live, clock));

describe('the tracker in memory', () => {
  afterEach(() => void jest.useRealTimers());

  it('the tracker drops expired revocations, so that it does not grow forever', async () => {
    jest.useFakeTimers();
    const clock = new TestClock();
    const tracker = new MemoryRevocationTracker(new RevocationTruth(clock).live, clock);
    tracker.start();
    await jest.advanceTimersByTimeAsync(0);
    const { aRevocation } = tokensAndRevocations(clock);
    await tracker.add([aRevocation(), aRevocation({ value: 'family-2', expiresAt: clock.now() + 1000 })]);
    expect(tracker.size).toBe(2);
    clock.advance(1000);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(tracker.size).toBe(1);
    await tracker.stop();
  });

  it('the tracker keeps revocations added while it loads, and honours them at once', async () => {
    const clock = new TestClock();
    const truth = new RevocationTruth(clock);
    const { aToken, aRevocation } = tokensAndRevocations(clock);
    const tracker = new MemoryRevocationTracker(truth.live, clock);
    truth.onRead = async () => {
      await tracker.add([aRevocation()]);
      expect(await tracker.check(aToken())).toBe('revoked');
      expect(await tracker.check(aToken({ familyId: 'family-2' }))).toBe('unknown');
    };
    tracker.start();
    await new Promise(setImmediate);
    expect(tracker.state).toBe('ready');
    expect(await tracker.check(aToken())).toBe('revoked');
    await tracker.stop();
  });
});
