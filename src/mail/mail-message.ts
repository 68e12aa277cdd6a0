/** The text of a mail, as plain text and as HTML. */
import { renderToString } from 'preact-render-to-string';
import { brandColours } from '../pages/colour.js';
import { textsFor } from '../pages/languages.js';
import { light } from '../pages/style.js';
import type { MailEntity } from './mail.entity.js';
import { MailPage } from './mail.page.js';

export interface MailMessage {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

type Content = Pick<MailEntity, 'id' | 'kind' | 'username' | 'language'> & {
  readonly recipient: string;
  readonly url: string;
};

interface MailBrand {
  readonly brandName: string;
  /** `#rrggbb` */
  readonly brandColor: string;
}

export function mailMessage(
  { id, kind, username, language, recipient, url }: Content,
  { brandName, brandColor }: MailBrand,
): MailMessage {
  const texts = textsFor({ uiLocales: language });
  const { subject, intro, action, otherwise } = texts.mails[kind];
  const paragraphs = { intro: intro(brandName, username), action, within: texts.mails.within, otherwise };
  const html = renderToString(
    MailPage({
      language: texts.language,
      title: subject(brandName),
      brandName,
      colours: brandColours(brandColor, light),
      palette: light,
      ...paragraphs,
      url,
    }),
  );
  return {
    id,
    to: recipient,
    subject: subject(brandName),
    text: [paragraphs.intro, url, paragraphs.within, otherwise, `-- \n${brandName}`]
      .map((part) => `${part}\n`)
      .join('\n'),
    html: `<!doctype html>${html}`,
  };
}
