import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { registrationLimits } from '../clients/client-registration.js';
import type { SigningAlgorithm } from './signing-algorithm.js';
import {
  dueSteps,
  LONGEST_ACCESS_TOKEN_TTL_SECONDS,
  PUBLISH_AHEAD_MS,
  retirementSteps,
  rotationSteps,
  signingKeyOf,
  signingPolicy,
  verifiesUntil,
  type SigningKeyLife,
  type SigningKeyStep,
} from './signing-key-schedule.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2030, 0, 1);
const policy = signingPolicy({ signingAlgorithm: 'ES256', keyRotationDays: 90 });

const key = (kid: string, activeFrom: number, rest: Partial<SigningKeyLife> = {}): SigningKeyLife => ({
  kid,
  algorithm: 'ES256',
  activeFrom,
  retiredAt: null,
  ...rest,
});

describe('what is due', () => {
  it('the first key of all signs at once', () => {
    expect(dueSteps([], policy, NOW)).toEqual([{ step: 'create', algorithm: 'ES256', activeFrom: NOW }]);
  });

  it('nothing, while a key is younger than a rotation', () => {
    expect(dueSteps([key('a', NOW)], policy, NOW + 90 * DAY - HOUR - 1)).toEqual([]);
  });

  it('the next key, published so long before its use that the old one signs for a whole rotation', () => {
    const steps = dueSteps([key('a', NOW)], policy, NOW + 90 * DAY - HOUR);
    expect(steps).toEqual([{ step: 'create', algorithm: 'ES256', activeFrom: NOW + 90 * DAY }]);
  });

  it('a next key that comes late is published just as long before its use', () => {
    const late = NOW + 400 * DAY;
    expect(dueSteps([key('a', NOW)], policy, late)).toMatchObject([{ activeFrom: late + PUBLISH_AHEAD_MS }]);
  });

  it('no second next key', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW + HOUR)];
    expect(dueSteps(keys, policy, NOW)).toEqual([]);
  });

  it('the end of a key, once the last token that it can have signed is gone: 24 hours and 5 minutes after', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW)];
    const gone = NOW + DAY + 300_000;
    expect(verifiesUntil(keys[0]!, keys, policy)).toBe(gone);
    expect(dueSteps(keys, policy, gone - 1)).toEqual([]);
    expect(dueSteps(keys, policy, gone)).toEqual([{ step: 'delete', kid: 'a' }]);
  });

  it('a key of the algorithm that is newly configured, which verifiers get to know before it signs', () => {
    const rs256 = signingPolicy({ signingAlgorithm: 'RS256', keyRotationDays: 90 });
    const keys = [key('a', NOW - DAY)];
    expect(dueSteps(keys, rs256, NOW)).toEqual([{ step: 'create', algorithm: 'RS256', activeFrom: NOW + HOUR }]);
    const both = [...keys, key('r', NOW + HOUR, { algorithm: 'RS256' })];
    expect(signingKeyOf(both, 'RS256', NOW)?.kid).toBe('a');
    expect(signingKeyOf(both, 'RS256', NOW + HOUR)?.kid).toBe('r');
  });

  it('two replicas with different algorithms leave each other alone', () => {
    const keys = [key('a', NOW - DAY), key('r', NOW - HOUR, { algorithm: 'RS256' })];
    const rs256 = signingPolicy({ signingAlgorithm: 'RS256', keyRotationDays: 90 });
    expect([...dueSteps(keys, policy, NOW), ...dueSteps(keys, rs256, NOW)]).toEqual([]);
    expect([signingKeyOf(keys, 'ES256', NOW)?.kid, signingKeyOf(keys, 'RS256', NOW)?.kid]).toEqual(['a', 'r']);
  });

  it('the end of a key whose algorithm nobody uses any more', () => {
    const rs256 = signingPolicy({ signingAlgorithm: 'RS256', keyRotationDays: 90 });
    const keys = [
      key('a', NOW - DAY),
      key('r', NOW, { algorithm: 'RS256' }),
      key('s', NOW + 90 * DAY, { algorithm: 'RS256' }),
    ];
    expect(dueSteps(keys, rs256, NOW + 92 * DAY)).toEqual([
      { step: 'delete', kid: 'a' },
      { step: 'delete', kid: 'r' },
    ]);
  });
});

describe('rotation ahead of the schedule', () => {
  const current = key('a', NOW - DAY);

  it('publishes the next key now, to sign in an hour', () => {
    expect(rotationSteps([current], policy, NOW, false)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: NOW + HOUR },
    ]);
  });

  it('does nothing when the next key is published already', () => {
    expect(rotationSteps([current, key('b', NOW + HOUR)], policy, NOW, false)).toEqual([]);
  });

  it('makes a key that signs at once, in an emergency', () => {
    expect(rotationSteps([current], policy, NOW, true)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: NOW },
    ]);
  });

  it('takes the published next key, in an emergency: some verifiers know it', () => {
    expect(rotationSteps([current, key('b', NOW + HOUR)], policy, NOW, true)).toEqual([
      { step: 'activate', kid: 'b', activeFrom: NOW },
    ]);
  });

  it('the new key is newer than one made by a replica whose clock is ahead', () => {
    expect(rotationSteps([key('a', NOW)], policy, NOW, true)).toMatchObject([{ activeFrom: NOW + 1 }]);
  });
});

describe('retirement of a leaked key', () => {
  it('of the only key: another signs at once', () => {
    expect(retirementSteps([key('a', NOW - DAY)], 'a', policy, NOW)).toEqual([
      { step: 'retire', kid: 'a', retiredAt: NOW },
      { step: 'create', algorithm: 'ES256', activeFrom: NOW },
    ]);
  });

  it('of the key that signs, while the next one is published: that one signs at once', () => {
    expect(retirementSteps([key('a', NOW - DAY), key('b', NOW + HOUR)], 'a', policy, NOW)).toEqual([
      { step: 'retire', kid: 'a', retiredAt: NOW },
      { step: 'activate', kid: 'b', activeFrom: NOW },
    ]);
  });

  it('of a key that has just begun to sign: its predecessor, which every verifier knows, signs until the next is known', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW - HOUR)];
    expect(retirementSteps(keys, 'b', policy, NOW)).toEqual([
      { step: 'retire', kid: 'b', retiredAt: NOW },
      { step: 'create', algorithm: 'ES256', activeFrom: NOW + HOUR },
    ]);
    const retired = [keys[0]!, { ...keys[1]!, retiredAt: NOW }];
    expect(signingKeyOf(retired, 'ES256', NOW)?.kid).toBe('a');
  });

  it('of a key that no longer signs changes nothing else', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW - HOUR)];
    expect(retirementSteps(keys, 'a', policy, NOW)).toEqual([{ step: 'retire', kid: 'a', retiredAt: NOW }]);
  });

  it('of a key that is unknown or retired does nothing', () => {
    const keys = [key('a', NOW - DAY), key('b', NOW - HOUR, { retiredAt: NOW - 1 })];
    expect(retirementSteps(keys, 'x', policy, NOW)).toEqual([]);
    expect(retirementSteps(keys, 'b', policy, NOW)).toEqual([]);
  });

  it('ends it at once', () => {
    expect(verifiesUntil(key('a', NOW - DAY, { retiredAt: NOW }), [], policy)).toBe(NOW);
  });
});

type Action =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'rotate'; readonly immediately: boolean }
  | { readonly do: 'retire'; readonly index: number }
  | { readonly do: 'configure'; readonly algorithm: SigningAlgorithm };

const actions = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40 * HOUR }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('rotate' as const), immediately: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('retire' as const), index: fc.nat(5) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('configure' as const),
        algorithm: fc.constantFrom('ES256' as const, 'RS256' as const),
      }),
    },
  ),
  { maxLength: 60 },
);

/** The table of keys, a service that runs the schedule, and everything it ever signed. */
class Simulation {
  keys: (SigningKeyLife & { publishedAt: number })[] = [];
  readonly kids = new Set<string>();
  readonly signed: { kid: string; at: number }[] = [];
  policy = signingPolicy({ signingAlgorithm: 'ES256', keyRotationDays: 2 });
  now = NOW;
  private count = 0;

  run(action: Action): void {
    if (action.do === 'wait') this.now += action.ms;
    if (action.do === 'configure') this.policy = { ...this.policy, algorithm: action.algorithm };
    if (action.do === 'rotate') this.apply(rotationSteps(this.keys, this.policy, this.now, action.immediately));
    if (action.do === 'retire' && this.keys.length > 0) {
      this.apply(retirementSteps(this.keys, this.keys[action.index % this.keys.length]!.kid, this.policy, this.now));
    }
    this.apply(dueSteps(this.keys, this.policy, this.now));
  }

  signer() {
    return signingKeyOf(this.published(), this.policy.algorithm, this.now);
  }

  published() {
    return this.keys.filter((one) => this.now < verifiesUntil(one, this.keys, this.policy));
  }

  private apply(steps: SigningKeyStep[]): void {
    for (const step of steps) {
      if (step.step === 'create') {
        const kid = `k${this.count++}`;
        this.kids.add(kid);
        this.keys.push({ ...step, kid, retiredAt: null, publishedAt: this.now });
      } else if (step.step === 'delete') {
        this.keys = this.keys.filter(({ kid }) => kid !== step.kid);
      } else {
        this.keys = this.keys.map((one) => (one.kid === step.kid ? { ...one, ...step } : one));
      }
    }
  }
}

describe('whatever happens', () => {
  it('no client is given access tokens that outlive the keys that sign them', () => {
    expect(registrationLimits.accessTokenTtlSeconds[1]).toBeLessThanOrEqual(LONGEST_ACCESS_TOKEN_TTL_SECONDS);
  });

  it('one published key signs, and every token that lives verifies unless its key was retired', () => {
    fc.assert(
      fc.property(actions, (sequence) => {
        const simulation = new Simulation();
        const retired = new Set<string>();
        for (const action of [{ do: 'wait', ms: 1 } as const, ...sequence]) {
          simulation.run(action);
          // An emergency key that follows one of the same millisecond signs a millisecond later.
          simulation.now += 1;
          const signer = simulation.signer();
          expect(signer).toBeDefined();
          simulation.signed.push({ kid: signer!.kid, at: simulation.now });
          for (const one of simulation.keys) if (one.retiredAt !== null) retired.add(one.kid);
          const published = new Set(simulation.published().map(({ kid }) => kid));
          const living = simulation.signed.filter(({ at }) => at + DAY > simulation.now);
          expect(living.filter(({ kid }) => !published.has(kid) && !retired.has(kid))).toEqual([]);
          expect([...published].filter((kid) => retired.has(kid))).toEqual([]);
        }
      }),
    );
  });

  it('without emergencies no key signs before it was published for an hour', () => {
    const calm = actions.map((all) =>
      all.filter((one) => one.do === 'wait' || one.do === 'configure' || (one.do === 'rotate' && !one.immediately)),
    );
    fc.assert(
      fc.property(calm, (sequence) => {
        const simulation = new Simulation();
        simulation.run({ do: 'wait', ms: 1 });
        const first = simulation.signer()!.kid;
        for (const action of sequence) {
          simulation.run(action);
          const signer = simulation.keys.find(({ kid }) => kid === simulation.signer()!.kid)!;
          if (signer.kid !== first) expect(simulation.now - signer.publishedAt).toBeGreaterThanOrEqual(HOUR);
        }
      }),
    );
  });
});
