import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { userAgentFamily } from './request-context.js';

it.each([
  ['okhttp/4.9.1', 'okhttp/4'],
  ['node', 'node'],
  ['python-requests/2.31.0', 'python-requests/2'],
  ['MyApp/12 CFNetwork/1410.0.3 Darwin/22.6.0', 'MyApp/12'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox on Linux'],
  ['Mozilla/5.0 (compatible; somebot)', 'Browser'],
  ['eyJhbGciOiJFUzI1NiJ9eyJhbGciOiJFUzI1NiJ9', undefined],
  ['', undefined],
  [undefined, undefined],
])('the family of the user agent %s is %s', (header, family) => {
  expect(userAgentFamily(header)).toBe(family);
});

it('whatever a user agent is, its family is short and printable', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (header) => {
      expect(userAgentFamily(header) ?? '').toMatch(/^[\x20-\x7e]{0,36}$/);
      expect(userAgentFamily(`Mozilla/${header}`)).toMatch(/^[\x20-\x7e]{0,36}$/);
    }),
  );
});
