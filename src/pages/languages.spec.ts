import { describe, expect, it } from '@jest/globals';
import { textsFor } from './languages.js';

describe('the language of a page', () => {
  it.each([
    // The client's choice.
    ['zh-TW', undefined, 'zh-Hant'],
    ['zh-Hant-HK', undefined, 'zh-Hant'],
    ['zh', undefined, 'zh-Hant'],
    ['ZH-tw', undefined, 'zh-Hant'],
    ['en', undefined, 'en'],
    ['en-GB', undefined, 'en'],
    ['fr-CA fr zh-Hant en', undefined, 'zh-Hant'],
    ['fr-CA fr en zh-Hant', undefined, 'en'],
    ['  de   zh-TW ', undefined, 'zh-Hant'],
    // It takes precedence over the browser's.
    ['en', 'zh-TW,zh;q=0.9', 'en'],
    ['zh-TW', 'en', 'zh-Hant'],
    ['fr', 'zh-TW', 'zh-Hant'],
    // The browser's choice.
    [undefined, 'zh-TW,zh;q=0.9,en;q=0.8', 'zh-Hant'],
    [undefined, 'en;q=0.8, zh-TW', 'zh-Hant'],
    [undefined, 'en;q=0.8,zh-TW;q=0.7', 'en'],
    [undefined, 'fr;q=1, zh-HK;q=0.1', 'zh-Hant'],
    [undefined, 'zh-TW;q=0, en;q=0.1', 'en'],
    [undefined, 'zh;Q=0.2,en;Q=0.1', 'zh-Hant'],
    [undefined, '*', 'en'],
    // No available or readable language.
    [undefined, undefined, 'en'],
    ['', '', 'en'],
    ['fr', 'de', 'en'],
    ['constructor __proto__', 'toString', 'en'],
    [undefined, 'zh-TW;q=x', 'en'],
    [undefined, 'zh-TW;q=2', 'en'],
    [undefined, ';;;,,,q=;=,zh', 'zh-Hant'],
    ['x'.repeat(8000), ','.repeat(8000), 'en'],
  ])('ui_locales %j and Accept-Language %j give %s', (uiLocales, acceptLanguage, language) => {
    expect(textsFor({ uiLocales, acceptLanguage }).language).toBe(language);
  });
});
