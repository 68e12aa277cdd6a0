/** The layout of all pages. A page is one response: no script, font or image is loaded. */
import type { VNode } from 'preact';
import type { Language } from './texts.js';

export interface Brand {
  readonly name: string;
  /** A `data:` URI. */
  readonly logo: string | undefined;
  /** A `data:` URI. */
  readonly icon: string;
}

export interface LayoutProps {
  readonly language: Language;
  readonly title: string;
  readonly brand: Brand;
  /** Rendered unchanged, because the page's policy has its hash. */
  readonly css: string;
  readonly isWide: boolean;
  readonly body: VNode;
}

export const LayoutPage = ({ language, title, brand, css, isWide, body }: LayoutProps): VNode => (
  <html lang={language}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>{title === brand.name ? title : `${title} · ${brand.name}`}</title>
      <link rel="icon" href={brand.icon} />
      <style>{css}</style>
    </head>
    <body class={isWide ? 'wide' : undefined}>
      <header class="brand">
        <BrandName {...brand} />
      </header>
      <main>{body}</main>
    </body>
  </html>
);

const BrandName = ({ name, logo }: Brand): VNode =>
  logo ? (
    <img class="brand-logo" src={logo} alt={name} />
  ) : (
    <>
      <span class="brand-mark" aria-hidden="true">
        {initialOf(name)}
      </span>
      <span class="brand-name">{name}</span>
    </>
  );

const initialOf = (name: string): string => [...name][0]!.toUpperCase();
