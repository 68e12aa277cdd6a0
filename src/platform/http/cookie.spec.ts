import { describe, expect, it } from '@jest/globals';
import { areSecure, cookieName, cookieOf, setCookie } from './cookie.js';

describe('the value of a cookie in a header', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['a=1', '1'],
    ['b=2; a=1; c=3', '1'],
    ['b=2;a=1', '1'],
    ['b=2;\ta=1 ', '1'],
    ['a=', ''],
    ['a="1"', '"1"'],
    ['a=1=2', '1=2'],
    ['a=%31', '%31'],
    ['A=1', undefined],
    ['xa=1', undefined],
    ['a =1', undefined],
    ['b="; a=1', '1'],
    ['a=1; a=1', undefined],
    ['a=1; b=2; a=2', undefined],
    ['a=1; a=', undefined],
  ])('%j is read from the header', (header, value) => {
    expect(cookieOf(header, 'a')).toBe(value);
  });
});

describe('a cookie', () => {
  it.each([
    ['https://id.example.com/tenant', '__Host-rekey-x=v; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['http://127.0.0.1:3000', 'rekey-x=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax'],
  ])('a cookie of the issuer %s is host-wide and HttpOnly', (issuer, header) => {
    expect(setCookie('x', 'v', 60, areSecure(issuer))).toBe(header);
    expect(header).toContain(cookieName('x', areSecure(issuer)));
  });

  it('a cookie without an age lasts for the browser session, and one with an expired age is deleted', () => {
    expect(setCookie('x', 'v', undefined, true)).not.toContain('Max-Age');
    expect(setCookie('x', '', -5, true)).toContain('Max-Age=0');
  });
});
