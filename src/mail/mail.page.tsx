/** A mail as HTML. Mail programs drop style sheets, so the styles are inline; it loads nothing. */
import type { VNode } from 'preact';
import type { BrandColours } from '../pages/colour.js';
import type { Language } from '../pages/texts.js';

interface MailPageProps {
  readonly language: Language;
  readonly title: string;
  readonly brandName: string;
  readonly colours: BrandColours;
  readonly palette: { readonly page: string; readonly surface: string; readonly text: string; readonly muted: string };
  readonly intro: string;
  /** The label of the button. */
  readonly action: string;
  readonly url: string;
  readonly within: string;
  readonly otherwise: string;
}

const FONT = `font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang TC', 'Noto Sans TC', 'Microsoft JhengHei', sans-serif; line-height: 1.6`;

export const MailPage = (props: MailPageProps): VNode => {
  const { language, title, brandName, colours, palette, intro, action, url, within, otherwise } = props;
  const small = `color: ${palette.muted}; font-size: 14px; margin: 16px 0 0`;
  const button = `display: inline-block; padding: 12px 20px; border: 1px solid ${colours.brandEdge}; border-radius: 10px; background: ${colours.brand}; color: ${colours.onBrand}; font-weight: 600; text-decoration: none`;
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>{title}</title>
      </head>
      <body style={`margin: 0; padding: 24px 16px; background: ${palette.page}; color: ${palette.text}; ${FONT}`}>
        <main style="max-width: 480px; margin: 0 auto">
          <p style="margin: 0 0 16px; font-weight: 600">{brandName}</p>
          <div style={`padding: 24px; border-radius: 14px; background: ${palette.surface}; overflow-wrap: anywhere`}>
            <h1 style="margin: 0 0 12px; font-size: 20px; line-height: 1.4">{title}</h1>
            <p style="margin: 0 0 20px">{intro}</p>
            <p style="margin: 0">
              <a href={url} style={button}>
                {action}
              </a>
            </p>
            <p style={small}>{within}</p>
            <p style={small}>{otherwise}</p>
            <p style={small}>
              <a href={url} style={`color: ${colours.accent}`}>
                {url}
              </a>
            </p>
          </div>
        </main>
      </body>
    </html>
  );
};
