/** What of the brand's colour can be read on what: contrast as WCAG 2.2 measures it. */

/** `#rrggbb` */
export type Colour = string;

/** WCAG 2.2 §1.4.3, for text of any size. */
const READABLE = 4.5;

/** What links get, which have no weight to stand out by. */
const EASILY_READABLE = 5.5;

/** WCAG 2.2 §1.4.11, for the edge of a control. */
const VISIBLE = 3;

const STEPS = 25;
const HOVER = 0.12;

/** What lies behind the words of a page. */
export interface Backgrounds {
  readonly page: Colour;
  readonly surface: Colour;
  /** Boxes on the surface, and buttons that are pointed at. */
  readonly quiet: Colour;
}

export interface BrandColours {
  /** Fills buttons: the brand's colour as it is. */
  readonly brand: Colour;
  readonly brandHover: Colour;
  /** The words on it. */
  readonly onBrand: Colour;
  /** Its edge, where the fill alone would not stand out. */
  readonly brandEdge: Colour;
  /** Links and focus rings: as near to the brand's colour as can be read. */
  readonly accent: Colour;
}

/** @param brand any colour: each has a variant that can be read, for one of white and black is always readable on it */
export function brandColours(brand: Colour, backgrounds: Backgrounds): BrandColours {
  const behind = [backgrounds.page, backgrounds.surface, backgrounds.quiet];
  const accent = towards(luminance(backgrounds.surface) > 0.5 ? '#000000' : '#ffffff', brand, behind);
  const onBrand = contrast('#ffffff', brand) >= READABLE ? '#ffffff' : '#000000';
  return {
    brand,
    brandHover: mix(brand, onBrand === '#ffffff' ? '#000000' : '#ffffff', HOVER),
    onBrand,
    brandEdge: contrast(brand, backgrounds.surface) >= VISIBLE ? brand : accent,
    accent,
  };
}

/** The first of the colours between the two that can be read on all of these. */
function towards(end: Colour, start: Colour, behind: readonly Colour[]): Colour {
  for (let step = 0; step < STEPS; step += 1) {
    const colour = mix(start, end, step / STEPS);
    if (behind.every((background) => contrast(colour, background) >= EASILY_READABLE)) return colour;
  }
  return end;
}

/** WCAG 2.2: from 1 (the same) to 21 (black and white). */
export function contrast(one: Colour, other: Colour): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Colour): number {
  const [red, green, blue] = channelsOf(colour).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(one: Colour, other: Colour, share: number): Colour {
  const others = channelsOf(other);
  const channels = channelsOf(one).map((channel, at) => Math.round(channel + (others[at]! - channel) * share));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

const channelsOf = (colour: Colour): number[] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
