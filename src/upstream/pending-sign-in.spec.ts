import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { deriveKey } from '../keys/master-key.js';
import { setCookie } from '../platform/http/cookie.js';
import {
  isStateOf,
  PENDING_SIGN_IN_MS,
  MAX_PENDING_REQUEST_CHARACTERS,
  newPendingSignIn,
  openPendingSignIn,
  sealPendingSignIn,
  wishesOf,
} from './pending-sign-in.js';

const NOW = Date.UTC(2030, 0, 1);
const key = deriveKey('test-master-key-0123456789-abcdefghijklmnop', 'upstream-sign-in');
const otherKey = deriveKey('another-master-key-9876543210-zyxwvutsrqpon', 'upstream-sign-in');

describe('a pending sign-in', () => {
  it('a pending sign-in has a state, a nonce and a code verifier of 256 bits, all different', () => {
    const signIns = Array.from({ length: 100 }, () => newPendingSignIn(NOW, undefined));
    const values = signIns.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier]);
    expect(values.filter((value) => !/^[\w-]{43}$/.test(value))).toEqual([]);
    expect(new Set(values).size).toBe(300);
  });

  it.each([undefined, 'client_id=x&state=%E4%BD%A0+%26'])('a pending sign-in is opened unchanged (%s)', (request) => {
    const pending = newPendingSignIn(NOW, request);
    expect(openPendingSignIn(key, sealPendingSignIn(key, pending), NOW)).toEqual(pending);
  });

  it('a sealed pending sign-in is opaque, and differs each time', () => {
    const pending = newPendingSignIn(NOW, 'client_id=x');
    const sealed = sealPendingSignIn(key, pending);
    const bytes = Buffer.from(sealed, 'base64url').toString('latin1');
    for (const secret of [pending.state, pending.codeVerifier, 'client_id']) expect(bytes).not.toContain(secret);
    expect(sealPendingSignIn(key, pending)).not.toBe(sealed);
  });

  it('a pending sign-in expires after ten minutes', () => {
    const sealed = sealPendingSignIn(key, newPendingSignIn(NOW, undefined));
    expect(openPendingSignIn(key, sealed, NOW + PENDING_SIGN_IN_MS - 1)).toBeDefined();
    expect(openPendingSignIn(key, sealed, NOW + PENDING_SIGN_IN_MS)).toBeUndefined();
  });

  it('a pending sign-in that was not sealed here, or was changed, is refused', () => {
    const sealed = sealPendingSignIn(key, newPendingSignIn(NOW, 'client_id=x'));
    const bytes = Buffer.from(sealed, 'base64url');
    const changed = Array.from(bytes, (_, index) => {
      const copy = Buffer.from(bytes);
      copy[index]! ^= 1;
      return copy.toString('base64url');
    });
    const digest = createHash('sha256').update('x').digest('base64url');
    for (const bad of [...changed, undefined, '', 'x', digest, sealed.slice(0, 40), `${sealed}AAAA`]) {
      expect(openPendingSignIn(key, bad, NOW)).toBeUndefined();
    }
    expect(openPendingSignIn(otherKey, sealed, NOW)).toBeUndefined();
  });

  it('a pending sign-in with the longest request fits into a cookie', () => {
    const request = 'ä'.repeat(10) + 'x'.repeat(MAX_PENDING_REQUEST_CHARACTERS - 10);
    const cookie = setCookie(
      'upstream',
      sealPendingSignIn(key, newPendingSignIn(NOW, request)),
      PENDING_SIGN_IN_MS / 1000,
      true,
    );
    expect(cookie.length).toBeLessThanOrEqual(4096);
  });

  it('a pending sign-in matches its own state and no other', () => {
    const pending = newPendingSignIn(NOW, undefined);
    expect(isStateOf(pending, pending.state)).toBe(true);
    for (const other of [undefined, '', pending.nonce, pending.state.slice(1), `${pending.state}A`, 'ä'.repeat(43)]) {
      expect(isStateOf(pending, other)).toBe(false);
    }
  });
});

describe('the parameters that the provider gets', () => {
  it.each([
    [undefined, {}],
    ['client_id=x&scope=openid', {}],
    ['prompt=login', { prompt: 'login' }],
    ['prompt=consent+login', { prompt: 'login' }],
    ['prompt=select_account', { prompt: 'select_account' }],
    ['prompt=consent', {}],
    ['prompt=none', {}],
    ['max_age=0', { maxAgeSeconds: 0 }],
    ['max_age=300&login_hint=anna&ui_locales=zh-Hant', { maxAgeSeconds: 300, loginHint: 'anna', uiLocales: 'zh-Hant' }],
    ['max_age=-1', {}],
    ['max_age=1e9', {}],
    [`max_age=${'9'.repeat(10)}`, {}],
    [`login_hint=${'x'.repeat(256)}`, {}],
    ['max_age=1&max_age=2', {}],
    ['login_hint=%zz', {}],
  ])('the provider is told of the authorization request: %s', (request, wishes) => {
    expect(wishesOf(request)).toEqual(wishes);
  });
});
