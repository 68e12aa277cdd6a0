import { describe, expect, it } from '@jest/globals';
import { claimNamesOf, releasedClaims } from './released-claims.js';
import { claimsOfScope, type StandardClaims } from '../oauth/standard-claims.js';

const ada: StandardClaims = {
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  email_verified: false,
  address: { country: 'GB' },
  updated_at: 0,
};

describe('the claims of a scope', () => {
  it.each([
    [['email'], ['email', 'email_verified']],
    [['address'], ['address']],
    [
      ['phone', 'email'],
      ['phone_number', 'phone_number_verified', 'email', 'email_verified'],
    ],
    [['profile'], claimsOfScope['profile']],
  ])('the scope %j requests %j', (scope, names) => {
    expect(claimNamesOf(scope)).toEqual(names);
  });

  it.each(['openid', 'offline_access', 'read', 'constructor', '__proto__', 'toString'])(
    'the scope %s requests no claims',
    (scope) => {
      expect(claimNamesOf([scope])).toEqual([]);
    },
  );
});

describe('released claims', () => {
  it('the requested claims that exist are released, false and zero too', () => {
    expect(releasedClaims(ada, ['email_verified', 'updated_at', 'phone_number'])).toEqual({
      email_verified: false,
      updated_at: 0,
    });
  });

  it('claims that were not requested are not released', () => {
    expect(releasedClaims(ada, [])).toEqual({});
  });

  it('empty claims are not released', () => {
    const empty = { ...ada, name: '', nickname: null } as unknown as StandardClaims;
    expect(releasedClaims(empty, ['name', 'nickname', 'email'])).toEqual({ email: 'ada@example.org' });
  });

  it.each(['sub', 'iss', 'aud', 'password_hash', 'roles', 'name#fr', 'NAME', '__proto__', 'toString'])(
    'the claim %s is never released, even if a user has it',
    (name) => {
      const odd = { ...ada, [name]: 'x' };
      expect(releasedClaims(odd, [name])).toEqual({});
    },
  );
});
