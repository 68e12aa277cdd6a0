import { describe, expect, it } from '@jest/globals';
import { loggableScope, loggableUri } from './loggable.js';

describe('a URI in a log', () => {
  it.each([
    ['https://a.test/cb', 'https://a.test/cb'],
    ['HTTPS://A.test:443/cb/', 'HTTPS://A.test:443/cb/'],
    ['https://a.test/cb?code=canary', 'https://a.test/cb?…'],
    ['https://a.test/cb#canary', 'https://a.test/cb#…'],
    ['https://canary:canary@a.test/cb', 'https://…@a.test/cb'],
    ['com.example.app:/cb', 'com.example.app:/cb'],
    [`https://a.test/${'s'.repeat(43)}/cb`, 'https://a.test/(43 characters)/cb'],
    ['canary', '(no URI, 6 characters)'],
    ['https://a.test/\u0000\r\nx', '(no URI, 19 characters)'],
    ['https://a.test/\n', '(no URI, 16 characters)'],
  ])('%j is logged as %j', (uri, logged) => {
    expect(loggableUri(uri)).toBe(logged);
  });

  it('a logged URI has 200 characters at most', () => {
    expect(loggableUri(`https://a.test/${'x/'.repeat(5000)}`)).toHaveLength(201);
  });
});

describe('scope tokens in a log', () => {
  it('scope tokens are logged by name', () => {
    expect(loggableScope(['groups', 'api://x/read'])).toBe('groups api://x/read');
  });

  it('five scope tokens are logged at most', () => {
    expect(loggableScope(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a b c d e …');
  });

  it('scope tokens as long as a token or secret are not logged', () => {
    expect(loggableScope(['x'.repeat(43), 'a'])).toBe('(43 characters) a');
  });
});
