import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { restMs, type Machine } from './password-pace.js';

const BUSY = 0.99;

describe('a thread that has hashed', () => {
  it.each<[string, Machine, number, number]>([
    ['one core', { cores: 1, threads: 1 }, 30, 210],
    ['two cores', { cores: 2, threads: 1 }, 30, 90],
    ['four cores', { cores: 4, threads: 3 }, 30, 150],
    ['eight cores', { cores: 8, threads: 4 }, 30, 90],
    ['thirty-two cores', { cores: 32, threads: 4 }, 30, 0],
  ])(
    'on %s with a busy event loop, a thread rests until its work is an eighth of the machine',
    (_, machine, worked, rest) => {
      expect(restMs(worked, BUSY, machine)).toBeCloseTo(rest);
    },
  );

  it('with an idle event loop, a thread does not rest', () => {
    expect(restMs(30, 0.5, { cores: 2, threads: 1 })).toBe(0);
  });

  it('a thread never exceeds its share, and always continues', () => {
    const machines = fc.record({ cores: fc.integer({ min: 1, max: 256 }), threads: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(machines, fc.double({ min: 0.1, max: 60_000, noNaN: true }), (machine, worked) => {
        const rest = restMs(worked, BUSY, machine);
        expect(rest).toBeGreaterThanOrEqual(0);
        expect((machine.threads * worked) / (worked + rest)).toBeLessThanOrEqual(machine.cores / 8 + 1e-9);
        expect(rest).toBeLessThanOrEqual(worked * 32);
      }),
    );
  });
});
