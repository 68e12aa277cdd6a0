import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateTokenKey, type TokenKey } from '../keys/token-key.js';
import { looksLikeRefreshToken, mintRefreshToken, parseRefreshToken } from './refresh-token.js';

const keys = new Map([0, 7, 255].map((id) => [id, generateTokenKey(id)]));
const key = keys.get(7)!;
const HANDLE = '0197a3d2-5b1c-7def-8abc-0123456789ab';

const parse = (token: string, known: ReadonlyMap<number, TokenKey> = keys) =>
  parseRefreshToken(token, (id) => known.get(id));

const bytesOf = (token: string): Buffer => Buffer.from(token.slice(3), 'base64url');
const textOf = (bytes: Buffer): string => `rt_${bytes.toString('base64url')}`;

const anyHandle = fc.uuid();
const anyGeneration = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyKey = fc.constantFrom(...keys.values());

describe('the form of a refresh token', () => {
  it('a refresh token is rt_ and 60 characters that need no encoding in a form or URL', () => {
    fc.assert(
      fc.property(anyHandle, anyGeneration, anyKey, (handle, generation, of) => {
        expect(mintRefreshToken({ handle, generation }, of)).toMatch(/^rt_[A-Za-z0-9_-]{60}$/);
      }),
    );
  });

  it('a refresh token contains key id, family handle, generation and 192 bits of MAC', () => {
    const bytes = bytesOf(mintRefreshToken({ handle: HANDLE, generation: 0x01020304 }, key));
    expect(bytes).toHaveLength(45);
    expect(bytes[0]).toBe(7);
    expect(bytes.toString('hex', 1, 17)).toBe(HANDLE.replaceAll('-', ''));
    expect(bytes.toString('hex', 17, 21)).toBe('01020304');
  });

  it('minting is deterministic, so that a successor can be derived again', () => {
    const mint = () => mintRefreshToken({ handle: HANDLE, generation: 5 }, key);
    expect(mint()).toBe(mint());
  });

  it('a refresh token is recognised by its prefix', () => {
    expect(looksLikeRefreshToken(mintRefreshToken({ handle: HANDLE, generation: 0 }, key))).toBe(true);
    for (const other of ['', 'at_abc', 'eyJhbGciOiJFUzI1NiJ9.e30.x', 'RT_x'])
      expect(looksLikeRefreshToken(other)).toBe(false);
  });
});

describe('reading a refresh token', () => {
  it('reading returns the minted handle and generation, under every key', () => {
    fc.assert(
      fc.property(anyHandle, anyGeneration, anyKey, (handle, generation, of) => {
        expect(parse(mintRefreshToken({ handle, generation }, of))).toEqual({ handle, generation });
      }),
    );
  });

  it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])('reading returns the generation %d', (generation) => {
    expect(parse(mintRefreshToken({ handle: HANDLE, generation }, key))).toEqual({ handle: HANDLE, generation });
  });

  it('a token with any bit changed is refused', () => {
    fc.assert(
      fc.property(anyHandle, anyGeneration, fc.nat(45 * 8 - 1), (handle, generation, bit) => {
        const bytes = bytesOf(mintRefreshToken({ handle, generation }, key));
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(parse(textOf(bytes))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('a token with any byte replaced is refused, each of the 45 by each other value', () => {
    const genuine = bytesOf(mintRefreshToken({ handle: HANDLE, generation: 1 }, key));
    const accepted: string[] = [];
    for (let index = 0; index < genuine.length; index++) {
      for (let value = 0; value < 256; value++) {
        const forged = Buffer.from(genuine);
        forged[index] = value;
        if (value !== genuine[index] && parse(textOf(forged))) accepted.push(`${value} at ${index}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  it('a MAC for another generation, another family or another key with the same id is refused', () => {
    const [one, two] = [0, 1].map((generation) => bytesOf(mintRefreshToken({ handle: HANDLE, generation }, key)));
    expect(parse(textOf(Buffer.concat([one!.subarray(0, 21), two!.subarray(21)])))).toBeUndefined();
    const other = bytesOf(mintRefreshToken({ handle: HANDLE.replace('0', '1'), generation: 0 }, key));
    expect(parse(textOf(Buffer.concat([one!.subarray(0, 21), other.subarray(21)])))).toBeUndefined();
    expect(parse(mintRefreshToken({ handle: HANDLE, generation: 0 }, generateTokenKey(7)))).toBeUndefined();
  });

  it('a token whose key is gone is refused', () => {
    expect(parse(mintRefreshToken({ handle: HANDLE, generation: 0 }, generateTokenKey(8)))).toBeUndefined();
  });

  it('any other encoding of a valid token is refused', () => {
    const token = mintRefreshToken({ handle: HANDLE, generation: 3 }, key);
    const spellings = [
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      `${token}\n`,
      ` ${token}`,
      token.slice(3),
      `RT_${token.slice(3)}`,
      `rt-${token.slice(3)}`,
      `rt_${bytesOf(token).toString('hex')}`,
      token + token,
      '',
      'rt_',
      `rt_${'A'.repeat(60)}`,
      `rt_${'é'.repeat(60)}`,
    ];
    expect(spellings.filter((spelling) => parse(spelling))).toEqual([]);
  });

  it('any other text is refused without an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(parse(text)).toBeUndefined();
        expect(parse(`rt_${text}`)).toBeUndefined();
      }),
    );
  });

  it('[76] ten thousand tokens differ, with 192 bits that cannot be guessed', () => {
    const tokens = Array.from({ length: 10_000 }, (_, index) =>
      mintRefreshToken({ handle: HANDLE.slice(0, -4) + index.toString(16).padStart(4, '0'), generation: 0 }, key),
    );
    expect(new Set(tokens).size).toBe(10_000);
    expect(new Set(tokens.map((token) => token.slice(-32))).size).toBe(10_000);
  });
});
