import { describe, expect, it } from '@jest/globals';
import { acceptsJsonOnly, prefersHtml } from './accept.js';

const CHROMIUM = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('HTML is preferred', () => {
  it.each([
    ['by a browser', CHROMIUM],
    ['by a browser of few words', 'text/html'],
    ['in capitals', 'Text/HTML; Q=0.5'],
    ['by who would take JSON too, but rather not', 'application/json;q=0.5, text/html'],
    [
      'by a crawler',
      'text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8',
    ],
  ])('HTML is preferred by %s', (_, accept) => expect(prefersHtml(accept)).toBe(true));

  it.each([
    ['by curl', '*/*'],
    ['by who says nothing', undefined],
    ['by who says an empty string', ''],
    ['by a program', 'application/json'],
    ['by a program that would take HTML too', 'application/json, text/html;q=0.9'],
    ['by axios', 'application/json, text/plain, */*'],
    ['by an admin client', 'application/problem+json, text/html'],
    ['by who refuses it', 'text/html;q=0, */*'],
    ['by who asks for an image', 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5'],
    ['by who cannot be read', 'text/html;q=x'],
    ['by commas', ','.repeat(8000)],
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
