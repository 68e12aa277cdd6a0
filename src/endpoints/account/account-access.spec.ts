import { describe, expect, it } from '@jest/globals';
import { accessOf, endedWith, type AccessFamily } from './account-access.js';

const at = (second: number): Date => new Date(second * 1000);

const family = (overrides: Partial<AccessFamily> = {}): AccessFamily => ({
  familyId: 'f1',
  clientId: 'shop',
  sessionId: 's1',
  scope: ['openid'],
  offline: false,
  fromAuthorizationCode: true,
  generation: 1,
  createdAt: at(1),
  lastUsedAt: at(2),
  ...overrides,
});

describe('an access', () => {
  it('an access is everything that a client has from one login session and that ends with it', () => {
    const access = accessOf([
      family({ familyId: 'f2', scope: ['openid', 'email'], createdAt: at(5), lastUsedAt: at(9) }),
      family({ familyId: 'f1' }),
    ]);
    expect(access).toEqual([
      {
        familyId: 'f2',
        clientId: 'shop',
        sessionId: 's1',
        scope: ['openid', 'email'],
        offline: false,
        createdAt: 1000,
        lastUsedAt: 9000,
      },
    ]);
    const reversed = accessOf([
      family({ familyId: 'f1' }),
      family({ familyId: 'f2', createdAt: at(5), lastUsedAt: at(9) }),
    ]);
    expect(reversed).toMatchObject([{ familyId: 'f2', createdAt: 1000, lastUsedAt: 9000 }]);
  });

  it.each([
    ['another client', { clientId: 'bank' }],
    ['another login session', { sessionId: 's2' }],
    ['families that outlive the login session', { offline: true }],
    ['families without a login session', { sessionId: null }],
  ])('an access is not shared by %s', (_, difference) => {
    expect(accessOf([family(), family({ familyId: 'f2', ...difference })])).toHaveLength(2);
  });

  it('each offline family is an access of its own', () => {
    expect(accessOf([family({ offline: true }), family({ familyId: 'f2', offline: true })])).toHaveLength(2);
  });

  it('a family with an unredeemed code is not an access', () => {
    expect(accessOf([family({ generation: 0 })])).toEqual([]);
    expect(accessOf([family({ generation: 0, fromAuthorizationCode: false })])).toHaveLength(1);
  });

  it('accesses are ordered by their last use', () => {
    const access = accessOf([
      family({ familyId: 'old', clientId: 'a', lastUsedAt: at(1) }),
      family({ familyId: 'new', clientId: 'b', lastUsedAt: at(3) }),
      family({ familyId: 'middle', clientId: 'c', lastUsedAt: at(2) }),
    ]);
    expect(access.map(({ familyId }) => familyId)).toEqual(['new', 'middle', 'old']);
  });
});

describe('ending an access', () => {
  it('ending an access ends all of the client’s families that end with the same login session', () => {
    expect(endedWith('u1', family())).toEqual({ subject: 'u1', clientId: 'shop', sessionId: 's1', offline: false });
  });

  it('ending an offline family ends it alone, and never one of another user', () => {
    expect(endedWith('u1', family({ offline: true }))).toEqual({ subject: 'u1', familyId: 'f1' });
    expect(endedWith('u1', family({ sessionId: null }))).toEqual({ subject: 'u1', familyId: 'f1' });
  });
});
