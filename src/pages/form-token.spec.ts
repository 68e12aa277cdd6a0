import { describe, expect, it } from '@jest/globals';
import { deriveKey } from '../keys/master-key.js';
import { formToken, isFormToken, isOwnForm } from './form-token.js';

const KEY = deriveKey('a secret of this deployment', 'form-token');
const BROWSER = 'AAAAAAAAAAAAAAAAAAAAAA';
const BINDING = 'consent s1 abc';
const token = formToken(KEY, BROWSER, BINDING);

describe('a form token', () => {
  it('a form token is valid for its browser and binding, however often the form is sent', () => {
    expect(isFormToken(token, KEY, BROWSER, BINDING)).toBe(true);
    expect(formToken(KEY, BROWSER, BINDING)).toBe(token);
  });

  it.each([
    ['in another browser', token, KEY, 'BAAAAAAAAAAAAAAAAAAAAA', BINDING],
    ['for another binding', token, KEY, BROWSER, 'consent s2 abc'],
    ['of another deployment', token, deriveKey('another secret', 'form-token'), BROWSER, BINDING],
    ['made for another purpose', token, deriveKey('a secret of this deployment', 'page-cursor'), BROWSER, BINDING],
    ['when it is truncated', token.slice(0, -2), KEY, BROWSER, BINDING],
    ['when it is longer', `${token}AAAA`, KEY, BROWSER, BINDING],
    ['when it is empty', '', KEY, BROWSER, BINDING],
    ['when it is not base64', '<script>', KEY, BROWSER, BINDING],
  ])('a form token is not valid %s', (_, presented, key, browser, binding) => {
    expect(isFormToken(presented, key, browser, binding)).toBe(false);
  });
});

describe('a form is our own', () => {
  const ISSUER = 'https://id.example.com/tenant';
  const OWN = 'https://id.example.com';

  it.each([
    ['of an old browser without these headers', {}, true],
    ['from our origin', { origin: OWN }, true],
    ['from our origin, with Fetch Metadata', { origin: OWN, secFetchSite: 'same-origin' }, true],
    ['from our other host name', { origin: 'http://localhost:3000', secFetchSite: 'same-origin' }, true],
    ['sent again by the user', { origin: OWN, secFetchSite: 'none' }, true],
    ['from another origin', { origin: 'https://evil.example' }, false],
    ['from another port', { origin: `${OWN}:8443` }, false],
    ['from plain http', { origin: 'http://id.example.com' }, false],
    ['from an origin that begins like ours', { origin: `${OWN}.evil.example` }, false],
    ['from the issuer, which is not an origin', { origin: ISSUER }, false],
    ['from an opaque origin', { origin: 'null' }, false],
    ['from another site', { secFetchSite: 'cross-site' }, false],
    ['from another site that claims our origin', { origin: OWN, secFetchSite: 'cross-site' }, false],
    ['from a sibling host', { secFetchSite: 'same-site' }, false],
    ['from an empty value', { secFetchSite: '' }, false],
    ['sent by the user from elsewhere', { origin: 'https://evil.example', secFetchSite: 'none' }, false],
  ])('a form is our own or not: %s', (_, origin, expected) => {
    expect(isOwnForm(origin, ISSUER)).toBe(expected);
  });
});
