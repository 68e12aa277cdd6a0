import { describe, expect, it } from '@jest/globals';
import { claimProblems, soundClaims } from './claim-values.js';
import { claimsOfScope } from '../oauth/standard-claims.js';

const everything = {
  name: 'Anna Bauer',
  given_name: 'Anna',
  family_name: 'Bauer',
  middle_name: 'M.',
  nickname: 'Änni',
  preferred_username: 'anna',
  profile: 'https://example.com/anna',
  picture: 'http://example.com/anna.png?size=1',
  website: 'https://例え.jp/',
  gender: 'female',
  birthdate: '1990-02-28',
  zoneinfo: 'Europe/Paris',
  locale: 'zh-Hant-TW',
  email: "o'anna+x@example.com",
  email_verified: true,
  address: {
    formatted: '1 Main St\r\nTown',
    street_address: '1 Main St\nFlat 2',
    locality: 'Town',
    region: 'CA',
    postal_code: '90210',
    country: 'US',
  },
  phone_number: '+1 (425) 555-1212',
  phone_number_verified: false,
};

it('every standard claim is accepted', () => {
  expect(claimProblems(everything)).toEqual([]);
  const named = Object.values(claimsOfScope).flat();
  expect(named.filter((name) => !(name in everything))).toEqual(['updated_at']);
});

it('no claim is required', () => {
  expect(claimProblems({})).toEqual([]);
});

it.each([
  ['birthdate', '1990'],
  ['birthdate', '0000-02-29'],
  ['birthdate', '2000-02-29'],
  ['locale', 'en_US'],
  ['zoneinfo', 'UTC'],
  ['phone_number', '+886212345678'],
  ['phone_number', '+1-604-555-1234;ext=5678'],
  ['email', 'josé@müller.example'],
  ['name', '王小明'],
  ['address', {}],
])('the claim %s may be %j', (name, value) => {
  expect(claimProblems({ [name]: value })).toEqual([]);
});

it.each([
  ['name', ''],
  ['name', 'x'.repeat(256)],
  ['name', 'a\nb'],
  ['name', 'a\0b'],
  ['name', '\ud800'],
  ['name', null],
  ['name', 1],
  ['name', ['Anna']],
  ['profile', 'javascript:alert(1)'],
  ['picture', 'data:image/png;base64,AAAA'],
  ['website', '//example.com'],
  ['website', 'ftp://example.com'],
  ['website', `https://example.com/${'x'.repeat(2000)}`],
  ['birthdate', '1990-02-30'],
  ['birthdate', '0000-02-30'],
  ['birthdate', '28.2.1990'],
  ['birthdate', '1990-2-28'],
  ['zoneinfo', 'Europe/Nowhere'],
  ['zoneinfo', '+01:00'],
  ['locale', 'not a language'],
  ['email', 'anna'],
  ['email', 'anna@example.com, bert@example.com'],
  ['email', 'Anna <anna@example.com>'],
  ['email', 'a@b@c'],
  ['email_verified', 'true'],
  ['phone_number', '555-1212'],
  ['phone_number', '+1'],
  ['phone_number_verified', 1],
  ['address', '1 Main St'],
  ['address', { planet: 'Earth' }],
  ['address', { locality: 'a\nb' }],
  ['address', { formatted: 'a\0b' }],
  ['updated_at', 1],
  ['sub', 'anna'],
  ['constructor', 'x'],
])('the claim %s cannot be %j', (name, value) => {
  const companions = { email_verified: { email: 'a@b' }, phone_number_verified: { phone_number: '+12345' } };
  const problems = claimProblems({ ...companions[name as keyof typeof companions], [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^claims\\.${name} `));
});

it.each([null, [], 'claims', 1])('the claims themselves cannot be %j', (claims) => {
  expect(claimProblems(claims)).toEqual(['claims must be an object']);
});

it('a verified flag needs its value', () => {
  expect(claimProblems({ email_verified: true })).toEqual(['claims.email_verified needs claims.email']);
  expect(claimProblems({ phone_number_verified: false })).toEqual([
    'claims.phone_number_verified needs claims.phone_number',
  ]);
});

it('all problems are reported at once, without values', () => {
  const problems = claimProblems({ name: 'ca\nnary', email: 'canary', 'ca nary': 1 });
  expect(problems).toHaveLength(3);
  expect(problems.join()).not.toContain('nary');
});

it('the total size is limited', () => {
  const wide = '字'.repeat(255);
  const claims = { name: wide, given_name: wide, family_name: wide, middle_name: wide, nickname: wide };
  expect(claimProblems(claims)).toEqual([]);
  const address = { formatted: '字'.repeat(1000), street_address: '字'.repeat(500), locality: wide };
  expect(claimProblems({ ...claims, address })).toEqual(['claims must have 8192 bytes at most']);
});

describe('the claims of an upstream provider', () => {
  it('valid upstream claims are kept, and others dropped', () => {
    const claims = { sub: 'x', iss: 'y', name: 'Anna', website: 'javascript:1', updated_at: 5, locale: 'en' };
    expect(soundClaims(claims)).toEqual({ name: 'Anna', locale: 'en' });
  });

  it('an upstream address is verified only if the provider says so', () => {
    const email = 'anna@example.com';
    expect(soundClaims({ email })).toEqual({ email, email_verified: false });
    expect(soundClaims({ email, email_verified: 'true' })).toEqual({ email, email_verified: false });
    expect(soundClaims({ email, email_verified: true })).toEqual({ email, email_verified: true });
    expect(soundClaims({ email_verified: true, phone_number_verified: true })).toEqual({});
    expect(soundClaims({ email: 'nonsense', email_verified: true })).toEqual({});
  });
});
