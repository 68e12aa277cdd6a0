import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readCursor, writeCursor } from './page-cursor.js';

const key = randomBytes(32);

describe('a page cursor', () => {
  it.each(['1', '01890a5d-ac96-774b-bcce-b302099a8057', '1PpG/Q 1', 'ünïcode'])(
    'a page cursor returns the position %s',
    (position) => {
      expect(readCursor('clients', writeCursor('clients', position, key), key)).toBe(position);
    },
  );

  it('a page cursor is opaque, and URL encoding does not change it', () => {
    const cursor = writeCursor('clients', 'a?b&c=d', key);
    expect(cursor).toMatch(/^[\w-]+$/);
  });

  it('a page cursor is valid only for its own list', () => {
    expect(readCursor('audit', writeCursor('clients', '1', key), key)).toBeUndefined();
  });

  it('a page cursor is valid only with its own key', () => {
    expect(readCursor('clients', writeCursor('clients', '1', key), randomBytes(32))).toBeUndefined();
  });

  it('a page cursor with any bit changed is refused', () => {
    const bytes = Buffer.from(writeCursor('clients', '12', key), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(readCursor('clients', changed.toString('base64url'), key)).toBeUndefined();
    }
  });

  it.each(['', 'x', '=', '💥', 'AAAA', Buffer.alloc(16).toString('base64url')])(
    'a page cursor is refused when it is %j',
    (cursor) => {
      expect(readCursor('clients', cursor, key)).toBeUndefined();
    },
  );

  it('a page cursor in another encoding of the same bytes is refused', () => {
    expect(readCursor('clients', `${writeCursor('clients', '1', key)}=`, key)).toBeUndefined();
  });
});
