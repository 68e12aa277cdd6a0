import { expect, it } from '@jest/globals';
import { isTooDeep, MAX_LEVELS } from './nesting.js';

const nested = (levels: number, open: string, close: string): unknown =>
  JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`);

it.each([
  ['objects', '{"a":', '}'],
  ['arrays', '[', ']'],
  ['both', '[{"a":0},', ']'],
])('32 levels are read, and one more is not: %s', (_, open, close) => {
  expect(isTooDeep(nested(MAX_LEVELS - 1, open, close))).toBe(false);
  expect(isTooDeep(nested(MAX_LEVELS + 1, open, close))).toBe(true);
});

it('a value of half a million levels is refused without a walk to its end', () => {
  expect(isTooDeep(nested(500_000, '[', ']'))).toBe(true);
});

it.each([null, 1, 'a', undefined, {}, []])('%p is not deep', (value) => {
  expect(isTooDeep(value)).toBe(false);
});
