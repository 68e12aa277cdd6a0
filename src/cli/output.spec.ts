import { describe, expect, it } from '@jest/globals';
import { listing, table } from './output.js';

describe('table', () => {
  it('lines up its columns under their headings, whatever a row lacks', () => {
    const rows = [{ id: 'a', name: 'Web shop', grants: ['x', 'y'] }, { id: 'long-id' }];
    expect(table(rows, ['id', 'name', 'grants']).split('\n')).toEqual([
      'ID       NAME      GRANTS',
      'a        Web shop  x y',
      'long-id',
    ]);
  });

  it('has its headings alone where there are no rows', () => {
    expect(table([], ['id', 'name'])).toBe('ID  NAME');
  });

  it('lets no control character through to the terminal', () => {
    expect(table([{ name: 'a\u001b[31m\nb' }], ['name'])).toBe('NAME\na\ufffd[31m\ufffdb');
  });
});

describe('listing', () => {
  it('names the members of inner objects by their path', () => {
    expect(listing({ id: 'a', refresh: { rotation: 'always' }, scopes: [] }).split('\n')).toEqual([
      'id                a',
      'refresh.rotation  always',
      'scopes',
    ]);
  });
});
