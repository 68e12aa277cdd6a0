/** The icons of the pages. They are decorative: the text beside them says the same. */
import type { VNode } from 'preact';

/** SVG paths in a 20 × 20 view box. */
const paths = {
  person: 'M10 10.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3.5 17c.6-3 3.2-4.5 6.5-4.5s5.9 1.5 6.5 4.5',
  card: 'M2.5 4.5h15v11h-15ZM5 8.5h4M5 11.5h4M12 8.5h3M12 11.5h3',
  mail: 'M2.5 4.5h15v11h-15ZM3 5l7 5.75L17 5',
  home: 'M3 9.25 10 3.5l7 5.75M5 8v8.5h10V8M8.25 16.5V12h3.5v4.5',
  phone: 'M6 2.5h8v15H6ZM9 15h2',
  people:
    'M7.5 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16c.5-2.6 2.7-4 5.5-4s5 1.4 5.5 4M13 4.25a3 3 0 0 1 0 5.5M14.75 12.5c1.8.5 2.9 1.7 3.25 3.5',
  badge: 'M10 2.75 16.5 5v5c0 3.5-2.6 6-6.5 7.25C6.1 16 3.5 13.5 3.5 10V5ZM7.25 10l2 2 3.5-4',
  clock: 'M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM10 5.75V10l2.75 2',
  list: 'M7.5 5.5h9M7.5 10h9M7.5 14.5h9M3.5 5.5h.5M3.5 10h.5M3.5 14.5h.5',
  key: 'M6.75 13.75a3.75 3.75 0 1 1 3.5-5H17.5v3H15v2h-2.75v-2h-2a3.75 3.75 0 0 1-3.5 2ZM6.5 10h.01',
  done: 'm4 10.5 4 4 8-9',
} as const;

export type SignName = keyof typeof paths;

export const Sign = ({ name }: { readonly name: SignName }): VNode => (
  <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.75" aria-hidden="true">
    <path d={paths[name]} stroke-linecap="round" stroke-linejoin="round" />
  </svg>
);
