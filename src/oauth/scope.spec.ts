import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatScope, intersection, isScopeToken, isWithin, parseScope } from './scope.js';

const token = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0x7e })
    .filter((c) => c !== 0x22 && c !== 0x5c)
    .map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 12,
});

describe('a scope', () => {
  it('a scope is a set: its order is kept, and a token counts once', () => {
    expect(parseScope('b a b c a')).toEqual(['b', 'a', 'c']);
  });

  it.each(['', ' ', ' a', 'a ', 'a  b', 'a\tb', 'a\n', 'a"b', 'a\\b', 'ä', 'a\u007f', 'a\0', '😀'])(
    'a scope is not written as %j',
    (text) => {
      expect(parseScope(text)).toBeUndefined();
    },
  );

  it('a scope has 4096 characters at most', () => {
    expect(parseScope('a'.repeat(4096))).toHaveLength(1);
    expect(parseScope('a'.repeat(4097))).toBeUndefined();
    expect(parseScope('a '.repeat(10_000).trim())).toBeUndefined();
  });

  it('a scope is read back as it was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(token, { minLength: 1, maxLength: 20 }), (tokens) => {
        expect(parseScope(formatScope(tokens))).toEqual(tokens);
      }),
    );
  });

  it('reading a scope takes time linear in its length', () => {
    // A backtracking pattern would not finish.
    expect(parseScope(`${'a '.repeat(2000)}"`)).toBeUndefined();
    expect(parseScope(`${'a'.repeat(4000)}"`)).toBeUndefined();
  });

  it('a scope token in a registration has 128 characters at most', () => {
    expect(isScopeToken('a'.repeat(128))).toBe(true);
    for (const text of ['a'.repeat(129), '', 'a b', 'a"', 'ä']) expect(isScopeToken(text)).toBe(false);
  });
});

describe('scopes', () => {
  it('scopes are case-sensitive', () => {
    expect(isWithin(['A'], ['a'])).toBe(false);
    expect(intersection(['A', 'b'], ['a', 'b'])).toEqual(['b']);
  });

  it('the intersection of two scopes is within each of them', () => {
    fc.assert(
      fc.property(fc.array(token), fc.array(token), (one, other) => {
        const both = intersection(one, other);
        expect(isWithin(both, one) && isWithin(both, other)).toBe(true);
        expect(isWithin(one, other)).toBe(both.length === one.length);
      }),
    );
  });
});
