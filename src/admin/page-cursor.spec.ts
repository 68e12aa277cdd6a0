import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readCursor, writeCursor } from './page-cursor.js';

const key = randomBytes(32);

describe('a page cursor', () => {
  it.each(['1', '01890a5d-ac96-774b-bcce-b302099a8057', '1PpG/Q 1', 'ünïcode'])(
    'brings back the position %s',
    (position) => {
      expect(readCursor('clients', writeCursor('clients', position, key), key)).toBe(position);
    },
  );

  it('says nothing readable, and nothing that changes under URL encoding', () => {
    const cursor = writeCursor('clients', 'a?b&c=d', key);
    expect(cursor).toMatch(/^[\w-]+$/);
  });

  it('is good for its own list only', () => {
    expect(readCursor('audit', writeCursor('clients', '1', key), key)).toBeUndefined();
  });

  it('is good under its own key only', () => {
    expect(readCursor('clients', writeCursor('clients', '1', key), randomBytes(32))).toBeUndefined();
  });

  it('is refused with any bit of it changed', () => {
    const bytes = Buffer.from(writeCursor('clients', '12', key), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(readCursor('clients', changed.toString('base64url'), key)).toBeUndefined();
    }
  });

  it.each(['', 'x', '=', '💥', 'AAAA', Buffer.alloc(16).toString('base64url')])(
    'is refused when it is %j',
    (cursor) => {
      expect(readCursor('clients', cursor, key)).toBeUndefined();
    },
  );

  it('is refused in another spelling of the same bytes', () => {
    expect(readCursor('clients', `${writeCursor('clients', '1', key)}=`, key)).toBeUndefined();
  });
});
