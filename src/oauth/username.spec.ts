import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { usernameKey, usernameProblem, usernamesFor } from './username.js';

describe('two usernames are the same', () => {
  it.each([
    ['Anna', 'anna'],
    ['ANNA@Example.COM', 'anna@example.com'],
    ['ａｎｎａ', 'anna'],
    ['José', 'jose\u0301'],
    ['ﬁona', 'fiona'],
    ['Ⅷ', 'viii'],
    [' anna ', 'anna'],
    ['ÅSA', 'åsa'],
    ['ΑΣ', 'ας'],
  ])('%j and %j are the same username', (one, other) => {
    expect(usernameKey(one)).toBe(usernameKey(other));
    expect(usernameKey(one)).toBeDefined();
  });

  it('other usernames differ: only case and normal form are folded', () => {
    const names = ['anna', 'anne', 'änna', 'anna.', 'an na', 'anna@example.com', 'аnna'];
    expect(new Set(names.map(usernameKey)).size).toBe(names.length);
  });

  it('the key of a username’s key is that key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const key = usernameKey(name);
        if (key !== undefined) expect(usernameKey(key)).toBe(key);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a username', () => {
  it.each(['a', 'anna', 'anna@example.com', '王小明', 'Anna Müller', "o'neill", 'x'.repeat(255), '💥'.repeat(255)])(
    'a username may be %s',
    (name) => {
      expect(usernameProblem(name)).toBeUndefined();
      expect(usernameKey(name)).toBeDefined();
    },
  );

  it.each([
    '',
    ' ',
    ' anna',
    'anna ',
    'an\nna',
    'an\0na',
    'an\u200bna',
    'an\u00adna',
    'an\u3164na',
    'anna\ufe0f',
    '\u202eanna',
    '\ud800',
    'x'.repeat(256),
    '\ufdfa'.repeat(20),
  ])('a username cannot be %j', (name) => {
    expect(usernameProblem(name)).toMatch(/^username must /);
  });

  it('an invalid username has no key, except for surrounding white space', () => {
    expect(usernameKey('an\0na')).toBeUndefined();
    expect(usernameKey('')).toBeUndefined();
    expect(usernameKey('x'.repeat(256))).toBeUndefined();
  });
});

describe('the username of an upstream user', () => {
  it('an upstream user is named by preferred_username, then e-mail address, then name', () => {
    const claims = { preferred_username: 'anna', email: 'anna@example.com', name: 'Anna B' };
    expect(usernamesFor(claims)).toEqual(['anna', 'anna@example.com', 'Anna B']);
    expect(usernamesFor({ ...claims, preferred_username: 'Anna B' })).toEqual(['Anna B', 'anna@example.com']);
    expect(usernamesFor({})).toEqual([]);
  });

  it('an upstream user never gets an invalid username', () => {
    expect(usernamesFor({ preferred_username: 'a\nb', email: 'x'.repeat(300), name: ' Anna' })).toEqual([]);
  });
});
