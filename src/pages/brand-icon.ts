import type { BrandColours } from './colour.js';

/** The favicon: a square in the brand colour. */
export const brandIconSvg = ({ brand }: Pick<BrandColours, 'brand'>): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4.5" fill="${brand}"/><circle cx="8" cy="8" r="3" fill="#fff"/></svg>`;

/** Inline in pages, so that the browser does not request one. @returns a `data:` URI */
export const brandIcon = (colours: Pick<BrandColours, 'brand'>): string =>
  `data:image/svg+xml,${encodeURIComponent(brandIconSvg(colours))}`;
