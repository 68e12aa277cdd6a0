import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { digestSecret, findSecret, generateSecret, type StoredSecret } from './client-secret.js';

const key = randomBytes(32);
const now = Date.UTC(2030, 0, 1);

const stored = (secret: string, overrides: Partial<StoredSecret> = {}): StoredSecret => ({
  secretId: randomUUID(),
  digest: digestSecret(secret, key),
  expiresAt: null,
  lastUsedAt: null,
  importedHash: null,
  ...overrides,
});

describe('a generated secret', () => {
  it('[62] a generated secret has 256 random bits in characters that no encoding changes', () => {
    const secrets = Array.from({ length: 1000 }, generateSecret);
    expect(new Set(secrets).size).toBe(1000);
    for (const secret of secrets) {
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      expect(new URLSearchParams({ secret }).toString()).toBe(`secret=${secret}`);
    }
  });
});

describe('the digest of a secret', () => {
  it('[57] the digest of a secret needs the key, and is deterministic', () => {
    expect(digestSecret('a', key)).toEqual(digestSecret('a', key));
    expect(digestSecret('a', key)).not.toEqual(digestSecret('a', randomBytes(32)));
    expect(digestSecret('a', key)).toHaveLength(32);
  });

  it('[56] the digest covers the whole secret', () => {
    const secret = 'x'.repeat(100);
    for (const length of [72, 99])
      expect(findSecret([stored(secret)], secret.slice(0, length), key, now)).toBeUndefined();
  });
});

describe('finding a secret', () => {
  it('[58] any of several secrets is found', () => {
    const secrets = ['old', 'new', 'newer'].map((secret) => stored(secret));
    expect(findSecret(secrets, 'old', key, now)).toBe(secrets[0]);
    expect(findSecret(secrets, 'newer', key, now)).toBe(secrets[2]);
    expect(findSecret(secrets, 'other', key, now)).toBeUndefined();
  });

  it('[58] a secret is found until it expires, also by a clock that is behind', () => {
    const secret = stored('s', { expiresAt: new Date(now + 1000) });
    const found = (at: number) => findSecret([secret], 's', key, at) !== undefined;
    expect([now - 120_000, now, now + 999, now + 1000].map(found)).toEqual([true, true, true, false]);
  });

  it('[58] of two equal secrets the valid one is found', () => {
    const over = stored('s', { expiresAt: new Date(now - 1) });
    const current = stored('s');
    expect(findSecret([over, current], 's', key, now)).toBe(current);
  });

  it('[46] without stored secrets nothing is found, and never the empty secret', () => {
    fc.assert(fc.property(fc.string(), (presented) => expect(findSecret([], presented, key, now)).toBeUndefined()));
    expect(findSecret([stored('s')], '', key, now)).toBeUndefined();
  });

  it('a secret is found by its own text only', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (secret, presented) => {
        const found = findSecret([stored(secret)], presented, key, now) !== undefined;
        expect(found).toBe(Buffer.from(secret).equals(Buffer.from(presented)));
      }),
    );
  });
});
