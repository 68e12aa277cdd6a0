import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { brandColours, contrast } from './colour.js';
import { dark, light } from './style.js';

const palettes = [
  { scheme: 'light', palette: light },
  { scheme: 'dark', palette: dark },
];

/** WCAG 2.2 §1.4.3 and §1.4.11. */
const READABLE = 4.5;
const VISIBLE = 3;

const anyColour = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map((channels) => `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`);

describe('contrast', () => {
  it.each([
    ['#ffffff', '#000000', 21],
    ['#ffffff', '#ffffff', 1],
    ['#ffffff', '#767676', 4.54],
    ['#777777', '#ffffff', 4.48],
    ['#ff0000', '#ffffff', 4],
  ])('the contrast of %s and %s is %d, as WCAG defines', (one, other, expected) => {
    expect(contrast(one, other)).toBeCloseTo(expected, 2);
  });
});

describe.each(palettes)('on a $scheme page', ({ palette }) => {
  const { page, surface, quiet } = palette;

  it('text is readable on every background', () => {
    for (const words of [palette.text, palette.muted])
      for (const behind of [page, surface, quiet]) expect(contrast(words, behind)).toBeGreaterThanOrEqual(READABLE);
    expect(contrast(palette.danger, surface)).toBeGreaterThanOrEqual(READABLE);
    expect(contrast(palette.danger, palette.dangerSurface)).toBeGreaterThanOrEqual(READABLE);
    expect(contrast(palette.notice, palette.noticeSurface)).toBeGreaterThanOrEqual(READABLE);
    expect(contrast(palette.done, palette.doneSurface)).toBeGreaterThanOrEqual(READABLE);
  });

  it('the edge of a field is visible', () => {
    expect(contrast(palette.edge, surface)).toBeGreaterThanOrEqual(VISIBLE);
    expect(contrast(palette.danger, surface)).toBeGreaterThanOrEqual(VISIBLE);
  });

  it('with any brand colour, buttons and links are readable, and buttons and focus rings visible', () => {
    fc.assert(
      fc.property(anyColour, (colour) => {
        const { brand, brandHover, onBrand, brandEdge, accent } = brandColours(colour, palette);
        expect(brand).toBe(colour);
        expect(contrast(onBrand, brand)).toBeGreaterThanOrEqual(READABLE);
        expect(contrast(onBrand, brandHover)).toBeGreaterThanOrEqual(READABLE);
        expect(contrast(brandEdge, surface)).toBeGreaterThanOrEqual(VISIBLE);
        for (const behind of [page, surface, quiet]) expect(contrast(accent, behind)).toBeGreaterThanOrEqual(READABLE);
      }),
      { numRuns: 200 },
    );
  });
});
