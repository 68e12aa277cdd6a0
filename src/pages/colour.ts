/** Derives readable colours from the brand colour, by the contrast rules of WCAG 2.2. */

/** `#rrggbb` */
export type Colour = string;

/** WCAG 2.2 §1.4.3, for text of any size. */
const READABLE = 4.5;

/** For links, which are not bold. */
const EASILY_READABLE = 5.5;

/** WCAG 2.2 §1.4.11, for the edge of a control. */
const VISIBLE = 3;

const STEPS = 25;
const HOVER = 0.12;

/** The background colours of text. */
export interface Backgrounds {
  readonly page: Colour;
  readonly surface: Colour;
  /** Boxes on the surface, and hovered buttons. */
  readonly quiet: Colour;
}

export interface BrandColours {
  /** Fills buttons: the brand colour itself. */
  readonly brand: Colour;
  readonly brandHover: Colour;
  /** Text on `brand`. */
  readonly onBrand: Colour;
  /** The button's edge, in case the fill does not stand out. */
  readonly brandEdge: Colour;
  /** Links and focus rings: the readable colour closest to the brand colour. */
  readonly accent: Colour;
}

/** @param brand any colour: white or black text is readable on each */
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

/** The first colour on the way from `start` to `end` that is readable on all these backgrounds. */
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
