import { describe, expect, it } from '@jest/globals';
import { builtInScopes, type Destination, type ScopeDefinition } from '../oauth/scope-definition.js';
import { claimsOfScope } from '../oauth/standard-claims.js';
import { releasedClaims, releasedNames, wantsUserClaims, type Release, type UserClaims } from './released-claims.js';

const ada: UserClaims = {
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  email_verified: false,
  address: { country: 'GB' },
  updated_at: 0,
};

const client = { scopes: ['openid', 'email'], userClaimsInIdToken: false, idTokenClaims: [], accessTokenClaims: [] };

const names = (into: Destination, release: Partial<Release>, scopes = builtInScopes): string[] =>
  releasedNames(into, { client, scope: [], ...release }, scopes);

describe('the claims of a scope', () => {
  it.each([
    [['email'], ['email', 'email_verified']],
    [['address'], ['address']],
    [['groups'], ['groups']],
    [['roles'], ['roles']],
    [
      ['phone', 'email'],
      ['phone_number', 'phone_number_verified', 'email', 'email_verified'],
    ],
    [['profile'], claimsOfScope['profile']],
  ])('the scope %j has %j at userinfo', (scope, expected) => {
    expect(names('userinfo', { scope })).toEqual(expected);
    expect(names('id_token', { scope })).toEqual([]);
    expect(names('access_token', { scope })).toEqual([]);
  });

  it.each(['openid', 'offline_access', 'read', 'constructor', '__proto__', 'toString'])(
    'the scope %s releases no claims',
    (scope) => {
      for (const into of ['userinfo', 'id_token', 'access_token'] as const)
        expect(names(into, { scope: [scope] })).toEqual([]);
    },
  );

  it('a client gets them in its tokens as well, all or those that it names', () => {
    const scope = ['email', 'groups'];
    expect(names('id_token', { scope, client: { ...client, userClaimsInIdToken: true } })).toEqual([
      'email',
      'email_verified',
      'groups',
    ]);
    const choosy = { ...client, idTokenClaims: ['email', 'name'], accessTokenClaims: ['groups', 'roles'] };
    expect(names('id_token', { scope, client: choosy })).toEqual(['email']);
    expect(names('access_token', { scope, client: choosy })).toEqual(['groups']);
  });

  it('a scope that is defined for an audience is released into access tokens for that audience alone', () => {
    const orders: ScopeDefinition = {
      name: 'orders',
      claims: ['region'],
      into: ['access_token'],
      audience: 'https://o',
    };
    const scopes = new Map([['orders', orders]]);
    const release = { scope: ['orders'], audience: ['https://o', 'https://p'] };
    expect(names('access_token', release, scopes)).toEqual(['region']);
    expect(names('access_token', { ...release, audience: ['https://p'] }, scopes)).toEqual([]);
    expect(names('userinfo', release, scopes)).toEqual([]);
    expect(wantsUserClaims({ client, scope: ['orders'] }, scopes)).toBe(true);
    expect(wantsUserClaims({ client, scope: ['email'] }, scopes)).toBe(false);
  });
});

describe('claims requested by name', () => {
  const asked = { userinfo: ['groups', 'email', 'salary'], id_token: ['groups', 'name'] };

  it('standard claims are for everybody, others for clients with a scope that releases them', () => {
    expect(names('userinfo', { requestedClaims: asked })).toEqual(['email']);
    expect(names('id_token', { requestedClaims: asked })).toEqual(['name']);
    const member = { ...client, scopes: ['groups'] };
    expect(names('userinfo', { requestedClaims: asked, client: member })).toEqual(['groups', 'email']);
    expect(names('id_token', { requestedClaims: asked, client: member })).toEqual(['groups', 'name']);
    expect(names('access_token', { requestedClaims: asked, client: member })).toEqual([]);
  });
});

describe('claims under another name', () => {
  const claims = { ...ada, groups: ['sales'], roles: ['editor'] };

  it('a claim is released under the name that the client has for it, and only there', () => {
    expect(releasedClaims(claims, ['groups', 'name'], ['groups=cognito:groups', 'email=mail'])).toEqual({
      name: 'Ada Lovelace',
      'cognito:groups': ['sales'],
    });
  });

  it('two claims can change their names, and a claim that is not renamed gives way', () => {
    const both = ['groups', 'roles'];
    expect(releasedClaims(claims, both, ['groups=roles', 'roles=groups'])).toEqual({
      groups: ['editor'],
      roles: ['sales'],
    });
    expect(releasedClaims(claims, both, ['groups=roles'])).toEqual({ roles: ['sales'] });
  });
});

describe('released claims', () => {
  it('the released claims are those that the user has, false and zero too', () => {
    expect(releasedClaims(ada, ['email_verified', 'updated_at', 'phone_number'])).toEqual({
      email_verified: false,
      updated_at: 0,
    });
  });

  it('claims that were not requested are not released', () => {
    expect(releasedClaims(ada, [])).toEqual({});
  });

  it('empty claims are not released', () => {
    const empty = { ...ada, name: '', nickname: null, groups: [] } as unknown as UserClaims;
    expect(releasedClaims(empty, ['name', 'nickname', 'groups', 'email'])).toEqual({ email: 'ada@example.org' });
  });

  it.each(['sub', 'iss', 'aud', 'exp', 'client_id', 'scope', 'jti', 'sid', 'active'])(
    'the claim %s is never released, even if a user has it',
    (name) => expect(releasedClaims({ ...ada, [name]: 'x' }, [name])).toEqual({}),
  );

  it.each(['name#fr', 'NAME', '__proto__', 'toString'])('no claim is released for the name %s', (name) => {
    expect(Object.keys(releasedClaims(ada, [name]))).toEqual([]);
  });
});
