import { describe, expect, it } from '@jest/globals';
import { builtInScopes } from '../oauth/scope-definition.js';
import { english } from './english.js';
import { traditionalChinese } from './traditional-chinese.js';

const NAME = 'NAME';

/** Every text of a table by its path, with names and numbers filled in. */
function flatten(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const said = (value as (...args: unknown[]) => unknown)(path.endsWith('retryIn') ? 30 : NAME, NAME);
    return [[path, Array.isArray(said) ? said.join('') : String(said)]];
  }
  return Object.entries(value as object).flatMap(([name, member]) => flatten(member, `${path}.${name}`));
}

const tables = { english: new Map(flatten(english)), chinese: new Map(flatten(traditionalChinese)) };

describe('the texts', () => {
  it('the texts have the same keys in both languages, and none is empty', () => {
    expect([...tables.chinese.keys()].sort()).toEqual([...tables.english.keys()].sort());
    for (const texts of Object.values(tables)) expect([...texts].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('all texts are translated', () => {
    const HAN = /\p{Script=Han}/u;
    const foreign = ['.language', '.comma', '.account.of'];
    const untranslated = [...tables.chinese].filter(([path, text]) => !foreign.includes(path) && !HAN.test(text));
    expect(untranslated).toEqual([]);
    expect([...tables.english].filter(([, text]) => HAN.test(text))).toEqual([]);
  });

  it('the Chinese texts use the characters and words of Taiwan', () => {
    const all = [...tables.chinese.values()].join('\n');
    expect(all).not.toMatch(/[录码户错误请务应电证页]/); // of 登录 密码 用户 错误 请 服务 应用 电话 验证 页
    expect(all).not.toMatch(/登錄|註銷|用戶|信息|默認|賬|郵箱|網絡|軟件|會話/);
    for (const word of ['登入', '登出', '密碼', '同意', '應用程式', '工作階段']) expect(all).toContain(word);
  });

  it('every phrase contains its name', () => {
    for (const texts of Object.values(tables)) {
      const phrases = [...texts].filter(([path]) =>
        /toContinueTo|upstream$|heading|signedInAs|askedBy|leadsTo|otherScope|\.of$|consent\.title/.test(path),
      );
      expect(phrases.length).toBe(10);
      for (const [, text] of phrases) expect(text).toContain(NAME);
    }
  });

  it('waiting times have a sensible unit', () => {
    expect(english.signIn.retryIn(1)).toBe('Try again in 1 second.');
    expect(english.signIn.retryIn(59)).toBe('Try again in 59 seconds.');
    expect(english.signIn.retryIn(60)).toBe('Try again in 1 minute.');
    expect(english.signIn.retryIn(61)).toBe('Try again in 2 minutes.');
    expect(traditionalChinese.signIn.retryIn(61)).toBe('請在 2 分鐘後再試。');
  });

  it('every claim of a built-in scope has a text', () => {
    const claims = [...builtInScopes.values()].flatMap((scope) => scope.claims);
    expect(Object.keys(english.claims).sort()).toEqual([...claims].sort());
  });
});
