import { expect, it } from '@jest/globals';
import { accountPath, browserPaths } from './browser-paths.js';

it('the browser paths are below the issuer’s path', () => {
  expect(browserPaths({ issuer: 'https://id.example.com' })).toContain('/sign-in');
  expect(browserPaths({ issuer: 'https://example.com/id' })).toContain('/id/authorize');
  expect(accountPath({ issuer: 'https://example.com/id' })).toBe('/id/account');
});
