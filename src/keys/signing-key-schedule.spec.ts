import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientFields } from '../clients/client-fields.js';
import type { SigningAlgorithm } from './signing-algorithm.js';
import {
  accessTokenKeyOf,
  dueSteps,
  keyOfAlgorithm,
  LONGEST_ACCESS_TOKEN_TTL_SECONDS,
  PUBLISH_AHEAD_MS,
  retirementSteps,
  rotationSteps,
  signersOf,
  signingPolicy,
  verifiesUntil,
  type SigningKeyLife,
  type SigningKeyStep,
  type SigningPolicy,
} from './signing-key-schedule.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2030, 0, 1);
/** With one algorithm; several algorithms have their own group. */
const policy: SigningPolicy = { algorithms: ['ES256'], rotationMs: 90 * DAY };
const rs256 = signingPolicy({ signingAlgorithm: 'RS256', keyRotationDays: 90 });

const key = (kid: string, activeFrom: number, rest: Partial<SigningKeyLife> = {}): SigningKeyLife => ({
  kid,
  algorithm: 'ES256',
  activeFrom,
  retiredAt: null,
  ...rest,
});

describe('due steps', () => {
  it('the very first key signs at once', () => {
    expect(dueSteps([], policy, NOW)).toEqual([{ step: 'create', algorithm: 'ES256', activeFrom: NOW }]);
  });

  it('nothing is due while a key is younger than a rotation', () => {
    expect(dueSteps([key('a', NOW)], policy, NOW + 90 * DAY - HOUR - 1)).toEqual([]);
  });

  it('the next key is published early enough that the old one signs for a whole rotation', () => {
    const steps = dueSteps([key('a', NOW)], policy, NOW + 90 * DAY - HOUR);
    expect(steps).toEqual([{ step: 'create', algorithm: 'ES256', activeFrom: NOW + 90 * DAY }]);
  });

  it('a next key that comes late is published just as long before its use', () => {
    const late = NOW + 400 * DAY;
    expect(dueSteps([key('a', NOW)], policy, late)).toMatchObject([{ activeFrom: late + PUBLISH_AHEAD_MS }]);
  });

  it('there is no second next key', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW + HOUR)];
    expect(dueSteps(keys, policy, NOW)).toEqual([]);
  });

  it('a key is deleted once the last token that it can have signed has expired: after 24 hours and 5 minutes', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW)];
    const gone = NOW + DAY + 300_000;
    expect(verifiesUntil(keys[0]!, keys, policy)).toBe(gone);
    expect(dueSteps(keys, policy, gone - 1)).toEqual([]);
    expect(dueSteps(keys, policy, gone)).toEqual([{ step: 'delete', kid: 'a' }]);
  });

  it('a key of a newly configured algorithm is published before it signs', () => {
    const keys = [key('a', NOW - DAY)];
    expect(dueSteps(keys, rs256, NOW)).toEqual([{ step: 'create', algorithm: 'RS256', activeFrom: NOW + HOUR }]);
    const both = [...keys, key('r', NOW + HOUR, { algorithm: 'RS256' })];
    expect(accessTokenKeyOf(both, rs256, NOW)?.kid).toBe('a');
    expect(accessTokenKeyOf(both, rs256, NOW + HOUR)?.kid).toBe('r');
  });

  it('two replicas with different algorithms do not interfere with each other’s keys', () => {
    const keys = [key('a', NOW - DAY), key('r', NOW - HOUR, { algorithm: 'RS256' })];
    expect([...dueSteps(keys, policy, NOW), ...dueSteps(keys, rs256, NOW)]).toEqual([]);
    expect([accessTokenKeyOf(keys, policy, NOW)?.kid, accessTokenKeyOf(keys, rs256, NOW)?.kid]).toEqual(['a', 'r']);
  });

  it('a key of an algorithm that no replica uses is deleted', () => {
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
  const calmly = { immediately: false, rotated: policy.algorithms };
  const immediately = { immediately: true, rotated: policy.algorithms };

  it('a rotation publishes the next key now, to sign in an hour', () => {
    expect(rotationSteps([current], policy, NOW, calmly)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: NOW + HOUR },
    ]);
  });

  it('a rotation does nothing when the next key is published already', () => {
    expect(rotationSteps([current, key('b', NOW + HOUR)], policy, NOW, calmly)).toEqual([]);
  });

  it('an immediate rotation creates a key that signs at once', () => {
    expect(rotationSteps([current], policy, NOW, immediately)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: NOW },
    ]);
  });

  it('an immediate rotation uses the published next key, which some verifiers have', () => {
    expect(rotationSteps([current, key('b', NOW + HOUR)], policy, NOW, immediately)).toEqual([
      { step: 'activate', algorithm: 'ES256', kid: 'b', activeFrom: NOW },
    ]);
  });

  it('the new key is newer than one created by a replica whose clock is ahead', () => {
    expect(rotationSteps([key('a', NOW)], policy, NOW, immediately)).toMatchObject([{ activeFrom: NOW + 1 }]);
  });
});

describe('retirement of a leaked key', () => {
  it('when the only key is retired, a new one signs at once', () => {
    expect(retirementSteps([key('a', NOW - DAY)], 'a', policy, NOW)).toEqual([
      { step: 'retire', kid: 'a', retiredAt: NOW },
      { step: 'create', algorithm: 'ES256', activeFrom: NOW },
    ]);
  });

  it('when the signing key is retired, the published next one signs at once', () => {
    expect(retirementSteps([key('a', NOW - DAY), key('b', NOW + HOUR)], 'a', policy, NOW)).toEqual([
      { step: 'retire', kid: 'a', retiredAt: NOW },
      { step: 'activate', algorithm: 'ES256', kid: 'b', activeFrom: NOW },
    ]);
  });

  it('when a key that has just begun to sign is retired, its predecessor, which every verifier has, signs until the next one is known', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW - HOUR)];
    expect(retirementSteps(keys, 'b', policy, NOW)).toEqual([
      { step: 'retire', kid: 'b', retiredAt: NOW },
      { step: 'create', algorithm: 'ES256', activeFrom: NOW + HOUR },
    ]);
    const retired = [keys[0]!, { ...keys[1]!, retiredAt: NOW }];
    expect(accessTokenKeyOf(retired, policy, NOW)?.kid).toBe('a');
  });

  it('retiring a key that no longer signs changes nothing else', () => {
    const keys = [key('a', NOW - 90 * DAY), key('b', NOW - HOUR)];
    expect(retirementSteps(keys, 'a', policy, NOW)).toEqual([{ step: 'retire', kid: 'a', retiredAt: NOW }]);
  });

  it('retiring an unknown or retired key does nothing', () => {
    const keys = [key('a', NOW - DAY), key('b', NOW - HOUR, { retiredAt: NOW - 1 })];
    expect(retirementSteps(keys, 'x', policy, NOW)).toEqual([]);
    expect(retirementSteps(keys, 'b', policy, NOW)).toEqual([]);
  });

  it('a retired key ends at once', () => {
    expect(verifiesUntil(key('a', NOW - DAY, { retiredAt: NOW }), [], policy)).toBe(NOW);
  });
});

describe('several algorithms, each with a schedule of its own', () => {
  const both = signingPolicy({ signingAlgorithm: 'ES256', keyRotationDays: 90 });
  const rsa = (kid: string, activeFrom: number) => key(kid, activeFrom, { algorithm: 'RS256' });
  const idTokenKey = (keys: readonly SigningKeyLife[], now = NOW) => keyOfAlgorithm(keys, 'RS256', now)?.kid;

  it('RS256 is always in use, and is a single key if it also signs access tokens', () => {
    expect(both.algorithms).toEqual(['ES256', 'RS256']);
    expect(rs256.algorithms).toEqual(['RS256']);
  });

  it('the very first keys all sign at once', () => {
    expect(dueSteps([], both, NOW)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: NOW },
      { step: 'create', algorithm: 'RS256', activeFrom: NOW },
    ]);
  });

  it('a key of a new algorithm is published ahead, but signs ID tokens at once, because no verifier has seen any', () => {
    const before = [key('a', NOW - DAY)];
    expect(dueSteps(before, both, NOW)).toEqual([{ step: 'create', algorithm: 'RS256', activeFrom: NOW + HOUR }]);
    const keys = [...before, rsa('r', NOW + HOUR)];
    expect(dueSteps(keys, both, NOW)).toEqual([]);
    expect(idTokenKey(keys)).toBe('r');
    expect(accessTokenKeyOf(keys, both, NOW)?.kid).toBe('a');
  });

  it('a key of a new algorithm does not sign access tokens before its time, even if the setting is changed to it at once', () => {
    const keys = [key('a', NOW - DAY), rsa('r', NOW + HOUR)];
    expect(accessTokenKeyOf(keys, rs256, NOW)?.kid).toBe('a');
  });

  it('a next key does not sign ID tokens while there is one that verifiers have', () => {
    expect(idTokenKey([rsa('r', NOW - DAY), rsa('s', NOW + HOUR)])).toBe('r');
    expect(idTokenKey([rsa('r', NOW - DAY), rsa('s', NOW)])).toBe('s');
  });

  it('a retired key signs nothing', () => {
    expect(idTokenKey([{ ...rsa('r', NOW - DAY), retiredAt: NOW }])).toBeUndefined();
    expect(accessTokenKeyOf([key('a', NOW - DAY, { retiredAt: NOW })], both, NOW)).toBeUndefined();
  });

  it('the first keys also sign if the clock is behind the one that created them', () => {
    const keys = [key('a', NOW), rsa('r', NOW)];
    expect(accessTokenKeyOf(keys, both, NOW - 120_000)?.kid).toBe('a');
    expect(accessTokenKeyOf(keys, rs256, NOW - 120_000)?.kid).toBe('r');
    expect(keyOfAlgorithm(keys, 'RS256', NOW - 120_000)?.kid).toBe('r');
  });

  it('a key of one algorithm does not end the key of another, however late the schedule runs', () => {
    const keys = [key('a', NOW), rsa('r', NOW), rsa('s', NOW + 90 * DAY)];
    const late = NOW + 400 * DAY;
    expect(verifiesUntil(keys[0]!, keys, both)).toBe(Infinity);
    expect(dueSteps(keys, both, late)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: late + HOUR },
      { step: 'create', algorithm: 'RS256', activeFrom: late + HOUR },
      { step: 'delete', kid: 'r' },
    ]);
    expect(accessTokenKeyOf(keys, both, late)?.kid).toBe('a');
  });

  it('a rotation covers all algorithms, or one', () => {
    const keys = [key('a', NOW - DAY), rsa('r', NOW - DAY)];
    const rotate = (immediately: boolean, rotated: readonly SigningAlgorithm[]) =>
      rotationSteps(keys, both, NOW, { immediately, rotated });
    expect(rotate(false, both.algorithms)).toEqual([
      { step: 'create', algorithm: 'ES256', activeFrom: NOW + HOUR },
      { step: 'create', algorithm: 'RS256', activeFrom: NOW + HOUR },
    ]);
    expect(rotate(true, ['RS256'])).toEqual([{ step: 'create', algorithm: 'RS256', activeFrom: NOW }]);
  });

  it('a leaked key is replaced by one of its own algorithm at once, even if one of another could sign', () => {
    const keys = [key('a', NOW - DAY), rsa('r', NOW - DAY)];
    expect(retirementSteps(keys, 'a', both, NOW)).toEqual([
      { step: 'retire', kid: 'a', retiredAt: NOW },
      { step: 'create', algorithm: 'ES256', activeFrom: NOW },
    ]);
    expect(retirementSteps(keys, 'r', both, NOW)).toEqual([
      { step: 'retire', kid: 'r', retiredAt: NOW },
      { step: 'create', algorithm: 'RS256', activeFrom: NOW },
    ]);
  });

  it('after a change of the setting the old algorithm signs access tokens until the new one is known, and not RS256', () => {
    const eddsa = signingPolicy({ signingAlgorithm: 'EdDSA', keyRotationDays: 90 });
    const keys = [key('a', NOW - 2 * DAY), rsa('r', NOW - DAY)];
    expect(dueSteps(keys, eddsa, NOW)).toEqual([{ step: 'create', algorithm: 'EdDSA', activeFrom: NOW + HOUR }]);
    const all = [...keys, key('e', NOW + HOUR, { algorithm: 'EdDSA' })];
    expect(accessTokenKeyOf(all, eddsa, NOW)?.kid).toBe('a');
    expect(accessTokenKeyOf(all, eddsa, NOW + HOUR)?.kid).toBe('e');
    expect(signersOf(all, eddsa, NOW).map((signer) => signer?.kid)).toEqual(['a', 'e', 'r']);
  });

  it('a replica with another setting keeps the key of this one until it has had no successor for a whole rotation', () => {
    const eddsa = signingPolicy({ signingAlgorithm: 'EdDSA', keyRotationDays: 90 });
    const keys = [key('a', NOW), rsa('r', NOW), key('e', NOW + DAY, { algorithm: 'EdDSA' })];
    expect(verifiesUntil(keys[0]!, keys, eddsa)).toBe(Infinity);
    const later = [...keys, rsa('s', NOW + 90 * DAY)];
    expect(verifiesUntil(later[0]!, later, eddsa)).toBe(NOW + 91 * DAY + 300_000);
    const replaced = [...later, key('b', NOW + 90 * DAY)];
    expect(verifiesUntil(replaced.at(-1)!, replaced, eddsa)).toBe(Infinity);
  });
});

describe('keys of an algorithm that is no longer kept', () => {
  const eddsa = signingPolicy({ signingAlgorithm: 'EdDSA', keyRotationDays: 90 });
  const rsa = (kid: string, activeFrom: number) => key(kid, activeFrom, { algorithm: 'RS256' });

  it('keys of an unused algorithm do not sign shortly before their deletion, even if the setting changes back', () => {
    const keys = [key('a', NOW), rsa('r', NOW), rsa('s', NOW + 90 * DAY)];
    const changed = NOW + 90 * DAY;
    expect(accessTokenKeyOf(keys, eddsa, changed - 1)?.kid).toBe('a');
    expect(accessTokenKeyOf(keys, eddsa, changed)?.kid).toBe('s');
  });

  it('keys of an unused algorithm stay longer if one was retired, because its predecessor has signed again', () => {
    const keys = [key('a', NOW), key('b', NOW + 90 * DAY, { retiredAt: NOW + 91 * DAY }), rsa('r', NOW + 90 * DAY)];
    expect(verifiesUntil(keys[0]!, keys, rs256)).toBe(Infinity);
    const later = [...keys, rsa('s', NOW + 180 * DAY)];
    expect(verifiesUntil(later[0]!, later, rs256)).toBe(NOW + 181 * DAY + 300_000);
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
        algorithm: fc.constantFrom('ES256' as const, 'RS256' as const, 'EdDSA' as const),
      }),
    },
  ),
  { maxLength: 60 },
);

/** The key table, a service that runs the schedule, and everything that it signed. */
class Simulation {
  keys: (SigningKeyLife & { publishedAt: number })[] = [];
  readonly kids = new Set<string>();
  readonly signed: { kid: string; at: number }[] = [];
  policy = signingPolicy({ signingAlgorithm: 'ES256', keyRotationDays: 2 });
  now = NOW;
  private count = 0;

  run(action: Action): void {
    if (action.do === 'wait') this.now += action.ms;
    if (action.do === 'configure') {
      this.policy = signingPolicy({ signingAlgorithm: action.algorithm, keyRotationDays: 2 });
    }
    if (action.do === 'rotate') {
      const request = { immediately: action.immediately, rotated: this.policy.algorithms };
      this.apply(rotationSteps(this.keys, this.policy, this.now, request));
    }
    if (action.do === 'retire' && this.keys.length > 0) {
      this.apply(retirementSteps(this.keys, this.keys[action.index % this.keys.length]!.kid, this.policy, this.now));
    }
    this.apply(dueSteps(this.keys, this.policy, this.now));
  }

  signer() {
    return accessTokenKeyOf(this.published(), this.policy, this.now);
  }

  idTokenSigners() {
    return this.policy.algorithms.map((algorithm) => keyOfAlgorithm(this.published(), algorithm, this.now));
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

describe('for any sequence of events', () => {
  it('no client gets access tokens that outlive the keys that sign them', () => {
    expect(clientFields.accessTokenTtlSeconds.range[1]).toBeLessThanOrEqual(LONGEST_ACCESS_TOKEN_TTL_SECONDS);
  });

  it('a published key signs for each purpose, and every live token verifies unless its key was retired', () => {
    fc.assert(
      fc.property(actions, (sequence) => {
        const simulation = new Simulation();
        const retired = new Set<string>();
        for (const action of [{ do: 'wait', ms: 1 } as const, ...sequence]) {
          simulation.run(action);
          // An emergency key that follows one of the same millisecond signs a millisecond later.
          simulation.now += 1;
          const signers = [simulation.signer(), ...simulation.idTokenSigners()];
          expect(signers).not.toContain(undefined);
          expect(signers.slice(1).map((signer) => signer!.algorithm)).toEqual(simulation.policy.algorithms);
          simulation.signed.push(...signers.map((signer) => ({ kid: signer!.kid, at: simulation.now })));
          for (const one of simulation.keys) if (one.retiredAt !== null) retired.add(one.kid);
          const published = new Set(simulation.published().map(({ kid }) => kid));
          const living = simulation.signed.filter(({ at }) => at + DAY > simulation.now);
          expect(living.filter(({ kid }) => !published.has(kid) && !retired.has(kid))).toEqual([]);
          expect([...published].filter((kid) => retired.has(kid))).toEqual([]);
        }
      }),
    );
  });

  it('without emergencies no key except the first of its algorithm signs before it was published for an hour', () => {
    const calm = actions.map((all) =>
      all.filter((one) => one.do === 'wait' || one.do === 'configure' || (one.do === 'rotate' && !one.immediately)),
    );
    fc.assert(
      fc.property(calm, (sequence) => {
        const simulation = new Simulation();
        simulation.run({ do: 'wait', ms: 1 });
        const first = [...simulation.kids];
        const isKnown = ({ kid }: SigningKeyLife) =>
          first.includes(kid) || simulation.now - simulation.keys.find((one) => one.kid === kid)!.publishedAt >= HOUR;
        for (const action of sequence) {
          simulation.run(action);
          expect(isKnown(simulation.signer()!)).toBe(true);
          for (const signer of simulation.idTokenSigners()) {
            const others = simulation.published().filter(({ algorithm }) => algorithm === signer!.algorithm);
            expect(isKnown(signer!) || others.length === 1).toBe(true);
          }
        }
      }),
    );
  });
});
