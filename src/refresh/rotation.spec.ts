import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endReason, exceedsScope, isWrongTarget, judge, type Presented } from './rotation.js';
import type { TokenFamily } from '../families/token-family.js';

const NOW = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const WINDOW_MS = 60_000;

/** Generation 3, reached ten seconds ago; the generations before it each lasted an hour. */
const aFamily = (overrides: Partial<TokenFamily> = {}): TokenFamily => ({
  handle: 'handle',
  familyId: 'familyId',
  clientId: 'c1',
  subject: 'u1',
  scope: ['a', 'b', 'c'],
  generation: 3,
  rotatedAt: [NOW - 10_000, NOW - HOUR, NOW - 2 * HOUR],
  idleExpiresAt: NOW + HOUR,
  absoluteExpiresAt: NOW + 10 * HOUR,
  revokedReason: null,
  subjectDisabled: false,
  clientDisabled: false,
  clientScopes: ['a', 'b', 'c'],
  clientAudience: [],
  retryWindowMs: WINDOW_MS,
  grant: { offline: true, resource: [], claims: undefined, authentication: undefined },
  ...overrides,
});

const aToken = (overrides: Partial<Presented> = {}): Presented => ({
  handle: 'handle',
  generation: 3,
  clientId: 'c1',
  scope: undefined,
  resource: undefined,
  correlationId: 'x',
  ...overrides,
});

const verdictOn = (family: TokenFamily | undefined, presented: Presented, now = NOW, arrivedAt = now): string => {
  const judged = judge(family, presented, now, arrivedAt);
  return judged.verdict === 'ended' ? judged.reason : judged.verdict;
};

describe('the verdict', () => {
  const revoked = { revokedReason: 'client_request' };
  const table: [title: string, family: TokenFamily | undefined, presented: Presented, expected: string][] = [
    ['there is no such family', undefined, aToken(), 'unknown'],
    ['one of another client’s family', aFamily(), aToken({ clientId: 'c2' }), 'client_mismatch'],
    ['one of a revoked family of another client', aFamily(revoked), aToken({ clientId: 'c2' }), 'client_mismatch'],
    [
      'an old token of another client’s family',
      aFamily(),
      aToken({ clientId: 'c2', generation: 0 }),
      'client_mismatch',
    ],
    ['the family is revoked', aFamily(revoked), aToken(), 'revoked'],
    ['the family is revoked, for a reason that nobody wrote down', aFamily({ revokedReason: '' }), aToken(), 'revoked'],
    ['a predecessor of a revoked family', aFamily(revoked), aToken({ generation: 2 }), 'revoked'],
    ['an old token of a revoked family', aFamily(revoked), aToken({ generation: 0 }), 'revoked'],
    ['one of a disabled client', aFamily({ clientDisabled: true }), aToken(), 'client_disabled'],
    ['one of a disabled subject', aFamily({ subjectDisabled: true }), aToken(), 'subject_disabled'],
    [
      'an old token of a disabled subject',
      aFamily({ subjectDisabled: true }),
      aToken({ generation: 0 }),
      'subject_disabled',
    ],
    ['one of a family that was not used for too long', aFamily({ idleExpiresAt: NOW }), aToken(), 'idle_expired'],
    ['one of a family past its absolute end', aFamily({ absoluteExpiresAt: NOW }), aToken(), 'expired'],
    ['one of a family past both ends', aFamily({ absoluteExpiresAt: NOW, idleExpiresAt: NOW }), aToken(), 'expired'],
    ['the current one', aFamily(), aToken(), 'rotatable'],
    ['the current one asks for less', aFamily(), aToken({ scope: ['a'] }), 'rotatable'],
    ['the current one asks for more', aFamily(), aToken({ scope: ['a', 'd'] }), 'scope_exceeded'],
    ['the predecessor, within the grace period', aFamily(), aToken({ generation: 2 }), 'retry'],
    ['the predecessor asks for less', aFamily(), aToken({ generation: 2, scope: ['b'] }), 'retry'],
    ['the predecessor asks for more', aFamily(), aToken({ generation: 2, scope: ['a', 'd'] }), 'scope_exceeded'],
    ['the one before the predecessor, long ago', aFamily(), aToken({ generation: 1 }), 'reuse'],
    ['the one before the predecessor asks for more', aFamily(), aToken({ generation: 1, scope: ['d'] }), 'reuse'],
    [
      'the first one, when the family no longer remembers it',
      aFamily({ rotatedAt: [] }),
      aToken({ generation: 0 }),
      'reuse',
    ],
    ['a generation that is yet to come', aFamily(), aToken({ generation: 4 }), 'stale'],
    ['the greatest generation there is', aFamily(), aToken({ generation: 2 ** 32 - 1 }), 'stale'],
    [
      'the one before the predecessor, within the grace period',
      aFamily({ rotatedAt: [NOW - 1000, NOW - 2000, NOW - HOUR] }),
      aToken({ generation: 1 }),
      'stale',
    ],
    [
      'an older one, whose grace period counts from when it was superseded itself, not from the last rotation',
      aFamily({ rotatedAt: [NOW - 1000, NOW - 2000, NOW - HOUR] }),
      aToken({ generation: 0 }),
      'reuse',
    ],
  ];
  it.each(table.map(([title, family, presented, expected]) => [title, expected, family, presented] as const))(
    'the verdict on a token (%s) is %s',
    (_title, expected, family, presented) => {
      expect(verdictOn(family, presented)).toBe(expected);
    },
  );

  it('every reason why a family has ended takes precedence over the token', () => {
    const everything = {
      ...revoked,
      clientDisabled: true,
      subjectDisabled: true,
      absoluteExpiresAt: NOW,
      idleExpiresAt: NOW,
    };
    expect(endReason(aFamily(everything), NOW)).toBe('revoked');
    expect(endReason(aFamily({ ...everything, revokedReason: null }), NOW)).toBe('client_disabled');
    expect(endReason(aFamily(), NOW)).toBeUndefined();
  });
});

describe('the grace period', () => {
  const supersededAt = NOW - 10_000;
  const predecessor = aToken({ generation: 2 });

  it.each([
    [supersededAt, 'retry'],
    [supersededAt + WINDOW_MS - 1, 'retry'],
    [supersededAt + WINDOW_MS, 'retry'],
    [supersededAt + WINDOW_MS + 1, 'reuse'],
  ])('the grace period includes its last millisecond: at %d, %s', (arrivedAt, expected) => {
    expect(verdictOn(aFamily(), predecessor, arrivedAt)).toBe(expected);
  });

  it('the grace period counts until the request arrived, however long it waited since', () => {
    expect(verdictOn(aFamily(), predecessor, NOW + HOUR / 2, supersededAt + WINDOW_MS)).toBe('retry');
  });

  it('the grace period never slides: a retry does not extend it', () => {
    const family = aFamily();
    expect(verdictOn(family, predecessor, supersededAt + WINDOW_MS)).toBe('retry');
    expect(verdictOn(family, predecessor, supersededAt + WINDOW_MS + 1)).toBe('reuse');
  });

  it('a request that arrived before the rotation, by another replica’s clock, is a retry', () => {
    expect(verdictOn(aFamily(), predecessor, NOW, supersededAt - 5)).toBe('retry');
  });

  it('[134] a grace period of zero allows no retry, and excuses only requests that were under way during the rotation', () => {
    const strict = aFamily({ retryWindowMs: 0 });
    expect(verdictOn(strict, predecessor, NOW, supersededAt)).toBe('stale');
    expect(verdictOn(strict, predecessor, NOW, supersededAt + 1000)).toBe('stale');
    expect(verdictOn(strict, predecessor, NOW, supersededAt + 1001)).toBe('reuse');
  });

  it('a grace period of less than a second excuses requests within that second, and allows retries only within itself', () => {
    const short = aFamily({ retryWindowMs: 400 });
    expect(verdictOn(short, predecessor, NOW, supersededAt + 400)).toBe('retry');
    expect(verdictOn(short, predecessor, NOW, supersededAt + 401)).toBe('stale');
    expect(verdictOn(short, predecessor, NOW, supersededAt + 1001)).toBe('reuse');
  });

  it('the grace period covers eight rotations: an older generation is reuse, even if it was superseded a moment ago', () => {
    const rotatedAt = Array.from({ length: 8 }, (_, index) => NOW - 100 * index);
    const family = aFamily({ generation: 20, rotatedAt });
    const verdicts = Array.from({ length: 10 }, (_, age) => verdictOn(family, aToken({ generation: 20 - age })));
    expect(verdicts).toEqual(['rotatable', 'retry', ...Array<string>(7).fill('stale'), 'reuse']);
  });
});

describe('scope_exceeded', () => {
  it.each<[asked: string[] | undefined, scope: string[], clientScopes: string[], expected: boolean]>([
    [undefined, ['a', 'b'], ['a', 'b'], false],
    [undefined, ['a', 'b'], ['b', 'z'], false],
    [undefined, ['a', 'b'], ['z'], true],
    [undefined, ['a', 'b'], [], true],
    [undefined, [], [], false],
    [['a'], ['a', 'b'], ['a', 'b'], false],
    [['b', 'a'], ['a', 'b'], ['a', 'b'], false],
    [['a'], ['a', 'b'], ['b'], true],
    [['c'], ['a', 'b'], ['a', 'b', 'c'], true],
    [['A'], ['a'], ['a'], true],
    [['a'], [], ['a'], true],
  ])('the scope %p of the grant %p at a client with %p: %p', (asked, scope, clientScopes, expected) => {
    expect(exceedsScope(aFamily({ scope, clientScopes }), asked)).toBe(expected);
  });
});

describe('wrong_target', () => {
  it.each<[asked: string[] | undefined, resource: string[], clientAudience: string[], expected: boolean]>([
    [undefined, [], [], false],
    [undefined, [], ['x:a'], false],
    [undefined, ['x:a', 'x:b'], ['x:a', 'x:b'], false],
    [undefined, ['x:a', 'x:b'], ['x:b'], false],
    [undefined, ['x:a'], ['x:b'], true],
    [undefined, ['x:a'], [], true],
    [['x:a'], [], ['x:a'], false],
    [['x:a'], [], ['x:b'], true],
    [['x:a'], [], [], true],
    [['x:a'], ['x:a', 'x:b'], ['x:a', 'x:b'], false],
    [['x:a'], ['x:a', 'x:b'], ['x:b'], true],
    [['x:c'], ['x:a', 'x:b'], ['x:a', 'x:b', 'x:c'], true],
    [['x:a', 'x:c'], ['x:a'], ['x:a', 'x:c'], true],
  ])('[250] the resource %p of the grant %p at a client with %p: %p', (asked, resource, clientAudience, expected) => {
    const grant = { offline: true, resource, claims: undefined, authentication: undefined };
    const family = aFamily({ grant, clientAudience });
    expect(isWrongTarget(family, asked)).toBe(expected);
    expect(verdictOn(family, aToken({ resource: asked }))).toBe(expected ? 'wrong_target' : 'rotatable');
    expect(verdictOn(family, aToken({ resource: asked, generation: 2 }))).toBe(expected ? 'wrong_target' : 'retry');
    expect(verdictOn(family, aToken({ resource: asked, generation: 0 }))).toBe('reuse');
  });
});

describe('for any family', () => {
  const time = fc.integer({ min: NOW - 2 * HOUR, max: NOW + 2 * HOUR });
  const scopes = fc.subarray(['a', 'b', 'c']);
  const family = fc
    .record({
      generation: fc.nat(12),
      idleExpiresAt: time,
      absoluteExpiresAt: time,
      revokedReason: fc.option(fc.string()),
      subjectDisabled: fc.boolean(),
      clientDisabled: fc.boolean(),
      scope: scopes,
      clientScopes: scopes,
      retryWindowMs: fc.constantFrom(0, 500, 1000, 60_000, 600_000),
      gaps: fc.array(fc.integer({ min: 0, max: 120_000 }), { maxLength: 8 }),
    })
    .map(({ gaps, ...rest }) => {
      const ages = gaps
        .slice(0, rest.generation)
        .map((_, index) => gaps.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0));
      return aFamily({ ...rest, rotatedAt: ages.map((age) => NOW - age) });
    });
  const presented = fc.record({
    generation: fc.nat(14),
    clientId: fc.constantFrom('c1', 'c1', 'c1', 'c2'),
    scope: fc.option(scopes, { nil: undefined }),
    resource: fc.constant(undefined),
    handle: fc.constant('handle'),
    correlationId: fc.constant('x'),
  });
  const always = (holds: (verdict: string, of: TokenFamily, token: Presented, now: number) => void) =>
    fc.assert(
      fc.property(family, presented, time, fc.nat(5000), (of, token, now, waited) =>
        holds(judge(of, token, now, now - waited).verdict, of, token, now),
      ),
      { numRuns: 2000 },
    );

  it('only the predecessor is ever retried, and only the current token ever rotated', () => {
    always((verdict, of, token) => {
      if (verdict === 'retry') expect(token.generation).toBe(of.generation - 1);
      if (verdict === 'rotatable') expect(token.generation).toBe(of.generation);
    });
  });

  it('only a generation older than the current one is ever a reuse', () => {
    always((verdict, of, token) => {
      if (verdict === 'reuse') expect(token.generation).toBeLessThan(of.generation);
    });
  });

  it('nothing is rotated, retried or treated as reuse for another client, or in a family that has ended', () => {
    always((verdict, of, token, now) => {
      const over = of.revokedReason !== null || of.clientDisabled || of.subjectDisabled;
      const late = now >= of.idleExpiresAt || now >= of.absoluteExpiresAt;
      if (token.clientId !== of.clientId || over || late) expect(['client_mismatch', 'ended']).toContain(verdict);
    });
  });

  it('a token is issued only for a scope within the grant and within the client’s scopes', () => {
    always((verdict, of, token) => {
      if (!['retry', 'rotatable'].includes(verdict)) return;
      for (const asked of token.scope ?? []) {
        expect(of.scope).toContain(asked);
        expect(of.clientScopes).toContain(asked);
      }
    });
  });
});
