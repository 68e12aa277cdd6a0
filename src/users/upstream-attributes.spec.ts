import { describe, expect, it } from '@jest/globals';
import { upstreamAttributes, type ClaimSource } from './upstream-attributes.js';

const sources: ClaimSource[] = [
  ['groups', 'https://corp.example/groups'],
  ['roles', 'realm_access.roles'],
  ['department', 'dept'],
];

describe('groups and attributes from the upstream provider', () => {
  it('come from a claim, also one with dots in its name or within another one', () => {
    const claims = { 'https://corp.example/groups': ['a', 'b', 'a'], realm_access: { roles: 'editor' }, dept: 'R&D' };
    expect(upstreamAttributes(claims, sources)).toEqual({
      groups: ['a', 'b'],
      attributes: { roles: ['editor'], department: 'R&D' },
    });
  });

  it('are taken away when the provider no longer says them', () => {
    expect(upstreamAttributes({}, sources)).toEqual({ groups: [], attributes: { roles: null, department: null } });
    expect(upstreamAttributes({ groups: ['a'] }, [['department', 'dept']]).groups).toBeUndefined();
  });

  it.each([
    ['too many', Array.from({ length: 10_000 }, (_, index) => `g${index}`)],
    ['no text', [1]],
    ['of two lines', ['a\nb']],
    ['an object', { a: 1 }],
  ])('groups that are %s count as none', (_title, groups) => {
    expect(upstreamAttributes({ g: groups }, [['groups', 'g']]).groups).toEqual([]);
  });

  it.each([['x\0'], [null], ['x'.repeat(9000)]])('an attribute that cannot be stored counts as none: %#', (value) => {
    expect(upstreamAttributes({ dept: value }, sources).attributes).toEqual({ roles: null, department: null });
  });

  it('names of objects in JavaScript are no claims', () => {
    expect(upstreamAttributes({}, [['department', 'constructor.name']]).attributes).toEqual({ department: null });
  });
});
