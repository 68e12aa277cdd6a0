import { describe, expect, it } from '@jest/globals';
import { listing, table } from './output.js';

describe('table', () => {
  it('a table aligns its columns under their headings, whatever a row lacks', () => {
    const rows = [{ id: 'a', name: 'Web shop', grants: ['x', 'y'] }, { id: 'long-id' }];
    expect(table(rows, ['id', 'name', 'grants']).split('\n')).toEqual([
      'ID       NAME      GRANTS',
      'a        Web shop  x y',
      'long-id',
    ]);
  });

  it('a table without rows has only its headings', () => {
    expect(table([], ['id', 'name'])).toBe('ID  NAME');
  });

  it('a table lets no control character through to the terminal', () => {
    expect(table([{ name: 'a\u001b[31m\nb' }], ['name'])).toBe('NAME\na\ufffd[31m\ufffdb');
  });
});

describe('listing', () => {
  it('a listing names nested members by their path', () => {
    expect(listing({ id: 'a', refresh: { rotation: 'always' }, scopes: [] }).split('\n')).toEqual([
      'id                a',
      'refresh.rotation  always',
      'scopes',
    ]);
  });
});
