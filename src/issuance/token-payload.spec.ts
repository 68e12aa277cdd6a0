import { expect, it } from '@jest/globals';
import { MAX_PAYLOAD_BYTES, withUserClaims } from './token-payload.js';

const own = { iss: 'https://id.example', sub: 'u1', exp: 1 };

it('the token’s own claims override those of the user', () => {
  const { payload } = withUserClaims(own, { sub: 'admin', iss: 'x', exp: 0, name: 'Ada' });
  expect(payload).toEqual({ ...own, name: 'Ada' });
});

it('the largest claims are left out, whole, until the token can be read back', () => {
  const groups = Array.from({ length: 400 }, (_, index) => `group-${index}`);
  const { payload, missing } = withUserClaims(own, { groups, name: 'Ada', bio: 'x'.repeat(4000) });
  expect([payload, missing]).toEqual([{ ...own, name: 'Ada', bio: 'x'.repeat(4000) }, ['groups']]);
});

it.each([0, 1])('the limit counts each byte of the payload: %i too many', (excess) => {
  const room = MAX_PAYLOAD_BYTES - JSON.stringify({ ...own, a: '' }).length;
  const { payload, missing } = withUserClaims(own, { a: 'x'.repeat(room + excess) });
  expect(missing).toEqual(excess === 0 ? [] : ['a']);
  expect(JSON.stringify(payload).length).toBe(excess === 0 ? MAX_PAYLOAD_BYTES : JSON.stringify(own).length);
});
