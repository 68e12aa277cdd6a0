import { describe, expect, it } from '@jest/globals';
import { clientFields } from '../clients/client-fields.js';
import {
  dueTokenKeySteps,
  KNOWN_AHEAD_MS,
  LONGEST_FAMILY_TTL_SECONDS,
  mintingKeyOf,
  type TokenKeyLife,
} from './token-key-schedule.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2030, 0, 1);
const policy = { rotationMs: 90 * DAY, longestFamilyTtlMs: 1000 * DAY };

const due = (keys: TokenKeyLife[], now: number) => dueTokenKeySteps(keys, policy, now);

describe('token keys', () => {
  it('the first token key mints at once', () => {
    expect(due([], NOW)).toEqual([{ step: 'create', id: 0, activeFrom: NOW }]);
  });

  it('the next token key is known for a minute before it mints', () => {
    const first = { id: 0, activeFrom: NOW };
    expect(due([first], NOW + 90 * DAY - 1)).toEqual([]);
    const then = NOW + 90 * DAY;
    expect(due([first], then)).toEqual([{ step: 'create', id: 1, activeFrom: then + 60_000 }]);
    const both = [{ id: 1, activeFrom: then + KNOWN_AHEAD_MS }, first];
    expect(due(both, then)).toEqual([]);
    expect(mintingKeyOf(both, then + KNOWN_AHEAD_MS - 1)).toEqual(first);
    expect(mintingKeyOf(both, then + KNOWN_AHEAD_MS)).toEqual(both[0]);
  });

  it('the first token key also mints if the clock is behind the one that created it', () => {
    const keys = [
      { id: 1, activeFrom: NOW + DAY },
      { id: 0, activeFrom: NOW },
    ];
    expect(mintingKeyOf(keys, NOW - 120_000)?.id).toBe(0);
    expect(mintingKeyOf([], NOW)).toBeUndefined();
  });

  it('a token key is deleted when no family with a token that it minted can be left, and not sooner', () => {
    const keys = [0, 1, 2].map((id) => ({ id, activeFrom: NOW + id * DAY }));
    const gone = NOW + DAY + 1000 * DAY + HOUR;
    const deletions = (now: number) => due(keys, now).filter(({ step }) => step === 'delete');
    expect(deletions(gone - 1)).toEqual([]);
    expect(deletions(gone)).toEqual([{ step: 'delete', id: 0 }]);
    expect(deletions(gone + DAY)).toEqual([
      { step: 'delete', id: 1 },
      { step: 'delete', id: 0 },
    ]);
    expect(deletions(gone + 10_000 * DAY)).toHaveLength(2);
  });

  it('no client gets families that outlive the keys that minted their tokens', () => {
    expect(clientFields.absoluteTtlSeconds.range[1]).toBeLessThanOrEqual(LONGEST_FAMILY_TTL_SECONDS);
  });

  it('an id is reused only after its key was deleted', () => {
    const keys = [0, 1, 3].map((id) => ({ id, activeFrom: NOW - id }));
    expect(due(keys, NOW + 90 * DAY)).toMatchObject([{ step: 'create', id: 2 }]);
  });

  it('with every id taken, the newest key continues to mint', () => {
    const keys = Array.from({ length: 256 }, (_, id) => ({ id, activeFrom: NOW - 256 + id }));
    expect(due(keys, NOW + 500 * DAY)).toEqual([]);
    expect(mintingKeyOf(keys, NOW + 500 * DAY)?.id).toBe(255);
  });

  it('with daily rotation and families of ten years, the ids last for a century', () => {
    const daily = { rotationMs: DAY, longestFamilyTtlMs: 3660 * DAY };
    let keys: TokenKeyLife[] = [];
    let [most, oldest, reused] = [0, 0, 0];
    for (let now = NOW; now < NOW + 36_500 * DAY; now += DAY) {
      for (const step of dueTokenKeySteps(keys, daily, now)) {
        if (step.step === 'create' && keys.some(({ id }) => id === step.id)) reused += 1;
        keys = step.step === 'create' ? [...keys, step] : keys.filter(({ id }) => id !== step.id);
      }
      most = Math.max(most, keys.length);
      oldest = Math.max(oldest, now - mintingKeyOf(keys, now)!.activeFrom);
    }
    expect(reused).toBe(0);
    expect(oldest).toBeLessThan(17 * DAY);
    expect(most).toBeGreaterThan(200);
    expect(most).toBeLessThan(256);
  });
});
