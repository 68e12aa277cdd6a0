import { describe, expect, it } from '@jest/globals';
import { acceptsJsonOnly, prefersHtml } from './accept.js';

const CHROMIUM = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('HTML is preferred', () => {
  it.each([
    ['a browser', CHROMIUM],
    ['a browser with a short header', 'text/html'],
    ['upper case', 'Text/HTML; Q=0.5'],
    ['a header that prefers HTML to JSON', 'application/json;q=0.5, text/html'],
    ['a crawler', 'text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8'],
  ])('HTML is preferred by %s', (_, accept) => expect(prefersHtml(accept)).toBe(true));

  it.each([
    ['curl', '*/*'],
    ['a missing header', undefined],
    ['an empty header', ''],
    ['a program', 'application/json'],
    ['a program that accepts HTML too', 'application/json, text/html;q=0.9'],
    ['axios', 'application/json, text/plain, */*'],
    ['an admin client', 'application/problem+json, text/html'],
    ['a header that refuses it', 'text/html;q=0, */*'],
    ['a header for images', 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5'],
    ['a malformed header', 'text/html;q=x'],
    ['only commas', ','.repeat(8000)],
  ])('HTML is not preferred by %s', (_, accept) => expect(prefersHtml(accept)).toBe(false));
});

it.each([
  ['application/json', true],
  ['Application/JSON; q=0.5', true],
  ['application/json, */*', false],
  ['*/*', false],
  ['', false],
  [undefined, false],
])('only JSON is accepted by %j: %s', (accept, expected) => expect(acceptsJsonOnly(accept)).toBe(expected));
