import { expect, it } from '@jest/globals';
import { digestOf, newSessionCookie } from './session-cookie.js';

it('a new cookie has 256 bits and is unique', () => {
  const values = Array.from({ length: 1000 }, newSessionCookie);
  expect(values.filter((value) => !/^[A-Za-z0-9_-]{43}$/.test(value))).toEqual([]);
  expect(new Set(values).size).toBe(1000);
  expect(new Set(values.map((value) => digestOf(value)!.toString('hex'))).size).toBe(1000);
});
