/** The languages of the pages, and the choice for a request. */
import { rangesOf } from './accept.js';
import { english } from './english.js';
import type { Language, Texts } from './texts.js';
import { traditionalChinese } from './traditional-chinese.js';

const tables: Readonly<Record<Language, Texts>> = { en: english, 'zh-Hant': traditionalChinese };

/** OpenID Connect Discovery §3: `ui_locales_supported`. */
export const languages = Object.keys(tables) as Language[];

/** By the primary subtag (RFC 5646 §2.2.1). Readers of Simplified Chinese prefer Traditional Chinese to English. */
const byPrimarySubtag: Readonly<Record<string, Language>> = { en: 'en', zh: 'zh-Hant' };

const FALLBACK: Language = 'en';

export interface LanguageWishes {
  /** OpenID Connect Core §3.1.2.1: tags in order of preference, separated by spaces. */
  readonly uiLocales?: string | undefined;
  /** RFC 9110 §12.5.4. */
  readonly acceptLanguage?: string | undefined;
}

/** The first requested language that we have; the client's wishes come before the browser's. */
export function textsFor({ uiLocales = '', acceptLanguage = '' }: LanguageWishes): Texts {
  const wishes = [...uiLocales.split(' '), ...rangesOf(acceptLanguage)];
  return tables[wishes.map(languageOf).find((language) => language !== undefined) ?? FALLBACK];
}

function languageOf(tag: string): Language | undefined {
  const primary = tag.split('-', 1)[0]!.toLowerCase();
  return Object.hasOwn(byPrimarySubtag, primary) ? byPrimarySubtag[primary] : undefined;
}
