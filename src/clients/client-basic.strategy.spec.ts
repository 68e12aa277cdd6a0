import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseBasic } from './client-basic.strategy.js';

const header = (credentials: string | Uint8Array, scheme = 'Basic'): string =>
  `${scheme} ${Buffer.from(credentials as string).toString('base64')}`;

describe('the Basic header', () => {
  it.each([
    ['c1:secret', 'c1', 'secret'],
    ['c1:se:cret', 'c1', 'se:cret'],
    ['c1::', 'c1', ':'],
    ['c1: ', 'c1', ' '],
    ['c%201:a%3Ab+c', 'c%201', 'a%3Ab+c'],
    ['ü:€', 'ü', '€'],
  ])('[38] the header holds %j: only the first colon divides, and nothing is decoded', (credentials, id, secret) => {
    expect(parseBasic(header(credentials))).toEqual({ id, secret });
  });

  it.each(['Basic', 'basic', 'BASIC', 'bAsIc'])('[40] the scheme may be written %s', (scheme) => {
    expect(parseBasic(header('a:b', scheme))).toEqual({ id: 'a', secret: 'b' });
  });

  it('the header may have several spaces, and base64 without padding', () => {
    expect(parseBasic('Basic   YTpi')).toEqual({ id: 'a', secret: 'b' });
    expect(parseBasic('Basic YTpiYg')).toEqual({ id: 'a', secret: 'bb' });
  });

  it.each([
    '',
    'Basic',
    'Basic ',
    'Basic ***',
    'Basic Og==',
    'Basic YQ==',
    'Basic YTpi YTpi',
    'Basic YTpi,',
    'Basic YTpi===',
    'Basic=YTpi',
    'BasicYTpi',
    'xBasic YTpi',
    'NotBasic YTpi',
    'Bearer YTpi',
    'Basic\tYTpi',
    'Basic YTpi\n',
    'Basic YTp-_w==',
    header('a:'),
    header(':b'),
    header(Uint8Array.of(0x61, 0x3a, 0xff)),
    header(Uint8Array.of(0xc0, 0x80, 0x3a, 0x62)),
  ])('[46][55] a malformed header, or one with an empty half, has no credentials: %j', (text) => {
    expect(parseBasic(text)).toBeUndefined();
  });

  it('any id and secret are read back from their header', () => {
    const id = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !text.includes(':') && !text.startsWith('\ufeff'));
    const secret = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(id, secret, (id, secret) => {
        expect(parseBasic(header(`${id}:${secret}`))).toEqual({ id: id, secret: secret });
      }),
    );
  });

  it('[55] any text yields credentials or undefined, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.uint8Array().map((bytes) => header(bytes)),
        ),
        (text) => {
          const credentials = parseBasic(text);
          if (credentials) expect(credentials.id !== '' && credentials.secret !== '').toBe(true);
        },
      ),
    );
  });
});
