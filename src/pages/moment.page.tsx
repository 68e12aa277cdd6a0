import type { VNode } from 'preact';
import type { Language, Texts } from './texts.js';

/** The user's time zone is unknown, so the page shows and names UTC. */
const TIME_ZONE = 'UTC';

const locales: Readonly<Record<Language, string>> = { en: 'en-GB', 'zh-Hant': 'zh-Hant-TW' };

const formats = new Map<Language, Intl.DateTimeFormat>();

function formatOf(language: Language): Intl.DateTimeFormat {
  const known = formats.get(language);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locales[language], {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: TIME_ZONE,
  });
  formats.set(language, made);
  return made;
}

/** @param at milliseconds since the epoch */
export const Moment = ({ texts, at }: { readonly texts: Texts; readonly at: number }): VNode => {
  const date = new Date(at);
  return (
    <time datetime={date.toISOString()}>
      {formatOf(texts.language).format(date)} {TIME_ZONE}
    </time>
  );
};
