/** The contract of both trackers, run by the spec of each. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LiveRevocations, RevocationTracker } from '../../src/revocation/revocation-tracker.js';
import type { RevocationKind } from '../../src/revocation/revocation.js';
import { systemClock, type Clock } from '../../src/platform/time/clock.js';
import { eventually } from '../support/eventually.js';
import { RevocationTruth, tokensAndRevocations } from '../support/revocation-truth.js';

/** Makes a tracker over an empty copy. */
export type MakeTracker = (live: LiveRevocations, clock: Clock) => Promise<RevocationTracker>;

export function revocationTrackerContract(name: string, makeTracker: MakeTracker): void {
  describe(`${name}, as any revocation tracker`, () => {
    const clock = systemClock;
    let truth: RevocationTruth;
    let tracker: RevocationTracker;
    let mothers: ReturnType<typeof tokensAndRevocations>;

    beforeEach(async () => {
      truth = new RevocationTruth(clock);
      mothers = tokensAndRevocations(clock);
      tracker = await makeTracker(truth.live, clock);
    });
    afterEach(() => tracker.stop());

    const started = async () => {
      tracker.start();
      await eventually(() => expect(tracker.state).toBe('ready'));
    };

    it('the tracker answers unknown, not live, before it has copied anything', async () => {
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      expect(tracker.state).not.toBe('ready');
    });

    it('the tracker knows earlier revocations from its start', async () => {
      truth.commitLate(3_000_000, mothers.aRevocation());
      await started();
      expect(await tracker.check(mothers.aToken())).toBe('revoked');
      expect(await tracker.check(mothers.aToken({ familyId: 'family-2' }))).toBe('live');
    });

    const kinds: [RevocationKind, value: string, other: Partial<ReturnType<typeof mothers.aToken>>][] = [
      ['token', 'jti-1', { jti: 'jti-2' }],
      ['family', 'family-1', { familyId: 'family-2' }],
      ['subject', 'user-1', { subject: 'user-2' }],
      ['client', 'client-1', { clientId: 'client-2' }],
    ];
    it.each(kinds)('a revocation of kind %s hits its %s and nothing else', async (kind, value, other) => {
      await started();
      await tracker.add([mothers.aRevocation({ kind, value })]);
      expect(await tracker.check(mothers.aToken())).toBe('revoked');
      expect(await tracker.check(mothers.aToken(other))).toBe('live');
    });

    it('a value counts for its own kind only', async () => {
      await started();
      await tracker.add([mothers.aRevocation({ kind: 'client', value: 'family-1' })]);
      expect(await tracker.check(mothers.aToken())).toBe('live');
    });

    it('a revocation of kind all hits every token issued before it', async () => {
      await started();
      const all = mothers.aRevocation({ kind: 'all', value: '' });
      await tracker.add([all]);
      expect(await tracker.check(mothers.aToken({ familyId: undefined }))).toBe('revoked');
      expect(await tracker.check(mothers.aToken({ issuedAt: all.notBefore - 1 }))).toBe('revoked');
      expect(await tracker.check(mothers.aToken({ issuedAt: all.notBefore }))).toBe('live');
    });

    it('an older revocation that arrives later does not lower the newer one', async () => {
      await started();
      const newer = mothers.aRevocation();
      const older = mothers.aRevocation({ notBefore: newer.notBefore - 120_000 });
      await tracker.add([newer]);
      await tracker.add([older]);
      expect(await tracker.check(mothers.aToken())).toBe('revoked');
    });

    it('a newer revocation of the same value raises the older one', async () => {
      await started();
      const token = mothers.aToken();
      await tracker.add([mothers.aRevocation({ notBefore: token.issuedAt - 1 })]);
      expect(await tracker.check(token)).toBe('live');
      await tracker.add([mothers.aRevocation({ notBefore: token.issuedAt + 1 })]);
      expect(await tracker.check(token)).toBe('revoked');
    });

    it('an expired revocation is not kept', async () => {
      await started();
      await tracker.add([mothers.aRevocation({ expiresAt: clock.now() })]);
      expect(await tracker.check(mothers.aToken())).toBe('live');
    });

    it('many concurrent revocations are all kept', async () => {
      await started();
      const many = Array.from({ length: 1203 }, (_, i) => mothers.aRevocation({ value: `family-${i}` }));
      await tracker.add(many);
      const verdicts = await Promise.all(many.map(({ value }) => tracker.check(mothers.aToken({ familyId: value }))));
      expect(new Set(verdicts)).toEqual(new Set(['revoked']));
    });

    it('the tracker answers unknown while it cannot copy, and catches up when it can', async () => {
      truth.failing = true;
      truth.commit(mothers.aRevocation());
      tracker.start();
      await eventually(() => expect(truth.reads.length).toBeGreaterThan(1));
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      truth.failing = false;
      await eventually(() => expect(tracker.state).toBe('ready'));
      expect(await tracker.check(mothers.aToken())).toBe('revoked');
    });

    it('the tracker answers unknown once it is stopped', async () => {
      await started();
      await tracker.stop();
      expect(await tracker.check(mothers.aToken())).toBe('unknown');
      expect(tracker.state).not.toBe('ready');
    });
  });
}
