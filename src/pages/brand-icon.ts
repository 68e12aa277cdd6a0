import type { BrandColours } from './colour.js';

/** The tab's icon: a square of the brand's colour. */
export const brandIconSvg = ({ brand }: Pick<BrandColours, 'brand'>): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4.5" fill="${brand}"/><circle cx="8" cy="8" r="3" fill="#fff"/></svg>`;

/** In a page it spares the browser asking for one. @returns a `data:` URI */
export const brandIcon = (colours: Pick<BrandColours, 'brand'>): string =>
  `data:image/svg+xml,${encodeURIComponent(brandIconSvg(colours))}`;
