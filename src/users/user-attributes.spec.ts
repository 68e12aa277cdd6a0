import { describe, expect, it } from '@jest/globals';
import { attributeProblems, groupProblems, MAX_GROUPS } from './user-attributes.js';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `g${index}`);

describe('groups', () => {
  it.each([[[]], [['admins', 'Über uns', 'cn=ops,dc=example', '/eng/平台']], [numbered(MAX_GROUPS)]])(
    'groups may be lines of text: %#',
    (groups) => expect(groupProblems(groups)).toEqual([]),
  );

  it.each([
    ['too many', numbered(MAX_GROUPS + 1), 'may hold 500 at most'],
    ['repeated', ['a', 'a'], 'the same twice'],
    ['empty', [''], 'one line'],
    ['of two lines', ['a\nb'], 'one line'],
    ['with a space at the end', ['a '], 'white space'],
    ['with half a character', ['\ud800'], 'one line'],
    ['too long', ['x'.repeat(257)], '256 characters'],
    ['too large together', numbered(40).map((name) => name.padEnd(250, 'x')), '8192 bytes'],
  ])('groups must not be %s', (_title, groups, words) => {
    expect(groupProblems(groups)).toEqual([expect.stringMatching(new RegExp(`^groups .*${words}`))]);
  });
});

describe('attributes', () => {
  it('attributes may be JSON values of any kind', () => {
    const attributes = { department: 'R&D', level: 3, staff: true, 'cognito:groups': ['a'], nested: { a: [null, {}] } };
    expect(attributeProblems({ ...attributes, 'https://example.com/team': 'x', roles: ['editor'] })).toEqual([]);
  });

  it.each(['sub', 'iss', 'exp', 'aud', 'client_id', 'scope', 'jti', 'sid', 'cnf', 'active', '_claim_sources'])(
    'an attribute cannot have the reserved name %s',
    (name) => expect(attributeProblems({ [name]: 'x' })).toEqual([expect.stringContaining(name)]),
  );

  it.each([
    ['a standard claim', { email: 'a@example.com' }, 'email, which is in claims'],
    ['groups', { groups: ['a'] }, 'a list of their own'],
    ['a name with a space', { 'a b': 1 }, 'without spaces'],
    ['an empty name', { '': 1 }, 'names of 1 to 100'],
    ['null', { a: null }, 'attributes.a must be JSON'],
    ['a NUL deep inside', { a: [{ b: 'x\0' }] }, 'attributes.a must be JSON'],
    ['half a character in a name', { a: { '\ud800': 1 } }, 'attributes.a must be JSON'],
    ['roles that are no list', { roles: 'admin' }, 'attributes.roles must be a list'],
    ['roles that are no text', { roles: [1] }, 'attributes.roles must be one line'],
    ['more than 8192 bytes', { a: 'x'.repeat(8192) }, '8192 bytes'],
    ['more than 50', Object.fromEntries(numbered(51).map((name) => [name, 1])), '50 at most'],
  ])('attributes cannot hold %s', (_title, attributes, words) => {
    expect(attributeProblems(attributes)).toEqual([expect.stringContaining(words)]);
  });
});
