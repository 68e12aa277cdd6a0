/** The language and the colours that the user has chosen, kept in this browser. */
import { createContext, useContext } from 'react';
import { english, type Texts } from './texts/english';
import { traditionalChinese } from './texts/traditional-chinese';

export const languages = { en: english, 'zh-Hant': traditionalChinese } satisfies Record<string, Texts>;
export type Language = keyof typeof languages;

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const LANGUAGE = 'rekey-language';
const THEME = 'rekey-theme';

export function chosenLanguage(): Language {
  const kept = localStorage.getItem(LANGUAGE);
  if (kept === 'en' || kept === 'zh-Hant') return kept;
  return navigator.languages.some((one) => /^zh(-|$)/.test(one) && !/^zh-(CN|SG|Hans)/i.test(one)) ? 'zh-Hant' : 'en';
}

export const chosenTheme = (): Theme => themes.find((theme) => theme === localStorage.getItem(THEME)) ?? 'auto';

export function keepLanguage(language: Language): void {
  localStorage.setItem(LANGUAGE, language);
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(THEME, theme);
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export interface Preferences {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly theme: Theme;
  readonly setTheme: (theme: Theme) => void;
}

export const PreferencesContext = createContext<Preferences | undefined>(undefined);

export function usePreferences(): Preferences {
  const preferences = useContext(PreferencesContext);
  if (!preferences) throw new Error('There are no preferences around this component');
  return preferences;
}

export const useTexts = (): Texts => languages[usePreferences().language];
