import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hmacSha256 } from './hmac.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('HMAC-SHA-256', () => {
  /** RFC 4231 §4.2 to §4.8; case 5 is given as its first 16 bytes. */
  it.each([
    {
      number: 1,
      key: hex('0b'.repeat(20)),
      data: 'Hi There',
      mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    },
    {
      number: 2,
      key: Buffer.from('Jefe'),
      data: 'what do ya want for nothing?',
      mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    },
    {
      number: 3,
      key: hex('aa'.repeat(20)),
      data: hex('dd'.repeat(50)),
      mac: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    },
    {
      number: 4,
      key: hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
      data: hex('cd'.repeat(50)),
      mac: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    },
    {
      number: 5,
      key: hex('0c'.repeat(20)),
      data: 'Test With Truncation',
      mac: 'a3b6167473100ee06e0c796c2955552b',
    },
    {
      number: 6,
      key: hex('aa'.repeat(131)),
      data: 'Test Using Larger Than Block-Size Key - Hash Key First',
      mac: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    },
    {
      number: 7,
      key: hex('aa'.repeat(131)),
      data:
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
      mac: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    },
  ])('the HMAC matches test case $number of RFC 4231', ({ key, data, mac }) => {
    expect(hmacSha256(key, data).toString('hex').slice(0, mac.length)).toBe(mac);
  });

  it.each([0, 1, 32, 63, 64, 65, 128])(
    'the HMAC equals that of createHmac for any data with a key of %i bytes',
    (length) => {
      const key = randomBytes(length);
      const data = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 200 }), fc.constant('\ud800'));
      fc.assert(
        fc.property(data, (data) => {
          expect(hmacSha256(key, data)).toEqual(createHmac('sha256', key).update(data).digest());
        }),
      );
    },
  );

  it('the key and the data are not changed', () => {
    const [key, data] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    hmacSha256(key, data);
    expect([key, data]).toEqual([Buffer.alloc(32, 1), Buffer.alloc(32, 2)]);
  });

  it('each call returns a new buffer', () => {
    const key = randomBytes(32);
    const first = hmacSha256(key, 'a');
    const copy = Buffer.from(first);
    first.subarray(0, 10).fill(0);
    hmacSha256(key, 'b');
    expect(hmacSha256(key, 'a')).toEqual(copy);
  });
});
