import { describe, expect, it } from '@jest/globals';
import { amrOf, authTimeOf, isFresh } from './upstream-identity.js';

const NOW = Date.UTC(2030, 0, 1);
const seconds = (time: number) => time / 1000;
const MINUTE = 60_000;

describe('amr', () => {
  it.each([
    [
      ['mfa', 'otp'],
      ['mfa', 'otp'],
    ],
    [[], []],
    [undefined, []],
    ['pwd', []],
    [{ 0: 'pwd', length: 1 }, []],
    [['pwd', 7, null, ['x'], '', 'two words', 'ä', 'a\nb', 'x'.repeat(65)], ['pwd']],
    [Array.from({ length: 50 }, (_, index) => `m${index}`), Array.from({ length: 10 }, (_, index) => `m${index}`)],
  ])('the amr of %j is %j', (claim, expected) => {
    expect(amrOf(claim)).toEqual(expected);
  });
});

describe('auth_time', () => {
  it.each([
    [seconds(NOW), NOW],
    [seconds(NOW - 60 * MINUTE), NOW - 60 * MINUTE],
    [seconds(NOW + MINUTE), NOW],
    [seconds(NOW + 2 * MINUTE), NOW],
    [seconds(NOW + 3 * MINUTE), undefined],
    [0, undefined],
    [-1, undefined],
    [1.5, undefined],
    [NaN, undefined],
    [Infinity, undefined],
    [Number.MAX_SAFE_INTEGER, undefined],
    [NOW, undefined], // milliseconds
    [String(seconds(NOW)), undefined],
    [undefined, undefined],
    [null, undefined],
  ])('the auth_time of %p is %p', (claim, expected) => {
    expect(authTimeOf(claim, NOW)).toBe(expected);
  });
});

describe('a user who was asked to sign in anew', () => {
  const started = { startedAt: NOW - MINUTE, now: NOW };

  it.each([
    ['any auth_time, if no fresh sign-in was asked for', NOW - 1000 * MINUTE, {}, true],
    ['no auth_time, if no fresh sign-in was asked for', undefined, {}, true],
    ['no auth_time, if it is optional', undefined, { prompt: 'login' }, true],
    ['no auth_time, if it is required', undefined, { maxAgeSeconds: 600 }, false],
    ['after the sign-in began', NOW, { prompt: 'login' }, true],
    ['before the sign-in began, by clocks that differ', NOW - 3 * MINUTE, { prompt: 'login' }, true],
    ['long before the sign-in began', NOW - 4 * MINUTE, { prompt: 'login' }, false],
    ['long before, with account selection', NOW - 100 * MINUTE, { prompt: 'select_account' }, true],
    ['within max_age', NOW - 10 * MINUTE, { maxAgeSeconds: 600 }, true],
    ['beyond max_age, by clocks that differ', NOW - 12 * MINUTE, { maxAgeSeconds: 600 }, true],
    ['beyond max_age', NOW - 13 * MINUTE, { maxAgeSeconds: 600 }, false],
    ['within max_age, and before the sign-in began', NOW - 10 * MINUTE, { prompt: 'login', maxAgeSeconds: 600 }, false],
  ])('a user who was asked to sign in again: %s', (_, authTime, asked, fresh) => {
    expect(isFresh(authTime, asked, started)).toBe(fresh);
  });
});
