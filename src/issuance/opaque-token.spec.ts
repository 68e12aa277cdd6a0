import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateTokenKey, type TokenKey } from '../keys/token-key.js';
import { mintRefreshToken } from '../families/refresh-token.js';
import { looksOpaque, openOpaque, sealOpaque } from './opaque-token.js';

const key = generateTokenKey(200);
const keyOf = (id: number): TokenKey | undefined => (id === key.id ? key : undefined);
const claims = { iss: 'https://issuer.example', sub: 'üser-1', client_id: 'client-1' };

const open = (token: string) => openOpaque(token, keyOf);

describe('an opaque access token', () => {
  it('only the key opens an opaque token and its claims', () => {
    const token = sealOpaque(claims, key);
    expect(open(token)).toEqual(claims);
    expect(looksOpaque(token)).toBe(true);
    expect(token).toMatch(/^at_[\w-]+$/);
    expect(Buffer.from(token.slice(3), 'base64url').toString('latin1')).not.toContain('issuer.example');
  });

  it('the first byte names the key', () => {
    expect(Buffer.from(sealOpaque(claims, key).slice(3), 'base64url')[0]).toBe(200);
  });

  it('an opaque token differs each time, in every 16 bytes', () => {
    const [one, other] = [sealOpaque(claims, key), sealOpaque(claims, key)].map((token) =>
      Buffer.from(token.slice(3), 'base64url'),
    );
    for (let at = 1; at + 16 <= one!.length; at += 8) {
      expect(one!.subarray(at, at + 16).equals(other!.subarray(at, at + 16))).toBe(false);
    }
  });

  it('another key of the same id, or no key, does not open it', () => {
    const token = sealOpaque(claims, key);
    expect(openOpaque(token, () => generateTokenKey(200))).toBeUndefined();
    expect(openOpaque(token, () => undefined)).toBeUndefined();
  });

  it('the same key with another id does not open it', () => {
    const bytes = Buffer.from(sealOpaque(claims, key).slice(3), 'base64url');
    bytes[0] = 7;
    expect(openOpaque(`at_${bytes.toString('base64url')}`, (id) => ({ ...key, id }))).toBeUndefined();
  });

  it('a token with any bit changed, truncated or extended is refused', () => {
    const token = sealOpaque(claims, key);
    const bytes = Buffer.from(token.slice(3), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      expect(open(`at_${changed.toString('base64url')}`)).toBeUndefined();
      expect(open(`at_${bytes.subarray(0, at).toString('base64url')}`)).toBeUndefined();
    }
    expect(open(`${token}AA`)).toBeUndefined();
  });

  it('there is one encoding: no padding, white space, trailing bits or other prefix', () => {
    // A payload of 1 mod 3 bytes leaves 4 trailing bits in the last character.
    const token = [0, 1, 2]
      .map((size) => sealOpaque({ a: 'x'.repeat(size) }, key))
      .find((one) => (one.length - 3) % 4 === 2)!;
    const bytes = Buffer.from(token.slice(3), 'base64url');
    const next = String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
    const twin = token.slice(0, -1) + next;
    expect(Buffer.from(twin.slice(3), 'base64url').equals(bytes)).toBe(true);
    expect(open(token)).toBeDefined();
    for (const other of [
      twin,
      `${token}=`,
      `${token}==`,
      `${token}\n`,
      ` ${token}`,
      `AT_${token.slice(3)}`,
      `rt_${token.slice(3)}`,
      token.slice(3),
    ]) {
      expect(open(other)).toBeUndefined();
    }
  });

  it('a refresh token of the same key is not an access token', () => {
    const refreshToken = mintRefreshToken({ handle: '018f4e2a-7c1b-7000-8000-0123456789ab', generation: 1 }, key);
    expect(open(refreshToken)).toBeUndefined();
    expect(open(refreshToken.replace('rt_', 'at_'))).toBeUndefined();
  });

  it('a token of more than 8 KiB is not read', () => {
    expect(open(sealOpaque({ a: 'x'.repeat(6000) }, key))).toEqual({ a: 'x'.repeat(6000) });
    expect(open(sealOpaque({ a: 'x'.repeat(6200) }, key))).toBeUndefined();
  });

  it('garbage is refused without an exception', () => {
    const refuses = (text: string) => expect(open(text)).toBeUndefined();
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => refuses(`at_${text}`)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        refuses(`at_${Buffer.from([200, ...bytes]).toString('base64url')}`),
      ),
    );
  });
});
