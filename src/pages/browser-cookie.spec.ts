import { describe, expect, it } from '@jest/globals';
import { browserCookie, browserValueIn, newBrowserValue } from './browser-cookie.js';

const SECURE = 'https://id.example.com/tenant';
const PLAIN = 'http://127.0.0.1:3000';
const VALUE = 'AAAAAAAAAAAAAAAAAAAAAA';

describe("the browser's cookie", () => {
  it('the browser cookie is host-only and needs TLS for an https issuer', () => {
    expect(browserCookie(SECURE, VALUE)).toBe(`__Host-rekey-browser=${VALUE}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  });

  it('the browser cookie has another name on plain http, where browsers refuse the prefix', () => {
    expect(browserCookie(PLAIN, VALUE)).toBe(`rekey-browser=${VALUE}; Path=/; HttpOnly; SameSite=Lax`);
  });

  it('the browser cookie has 128 random bits', () => {
    const values = new Set(Array.from({ length: 100 }, newBrowserValue));
    expect(values.size).toBe(100);
    for (const value of values) expect(Buffer.from(value, 'base64url')).toHaveLength(16);
  });

  it('the browser cookie is found among others', () => {
    const value = newBrowserValue();
    expect(browserValueIn(`a=b; rekey-browser=${value}; c`, PLAIN)).toBe(value);
    expect(browserValueIn(`__Host-rekey-browser=${value}`, SECURE)).toBe(value);
  });

  it.each([
    [undefined, PLAIN],
    ['', PLAIN],
    ['rekey-browser=', PLAIN],
    ['rekey-browser=short', PLAIN],
    [`rekey-browser=${VALUE}A`, PLAIN],
    [`rekey-browser=${'%41'.repeat(7)}%`, PLAIN],
    [`rekey-browser=<script>alert(1)</scri`, PLAIN],
    [`xrekey-browser=${VALUE}`, PLAIN],
    [`__Host-rekey-browser=${VALUE}`, PLAIN],
    [`rekey-browser=${VALUE}`, SECURE],
  ])('there is no browser cookie in %j for %s', (header, issuer) => {
    expect(browserValueIn(header, issuer)).toBeUndefined();
  });
});
