import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { deriveKey } from '../keys/master-key.js';
import { setCookie } from '../platform/http/cookie.js';
import {
  isStateOf,
  JOURNEY_MS,
  MAX_JOURNEY_REQUEST_CHARACTERS,
  newJourney,
  openJourney,
  sealJourney,
  wishesOf,
} from './upstream-journey.js';

const NOW = Date.UTC(2030, 0, 1);
const key = deriveKey('test-master-key-0123456789-abcdefghijklmnop', 'upstream-sign-in');
const otherKey = deriveKey('another-master-key-9876543210-zyxwvutsrqpon', 'upstream-sign-in');

describe('a journey', () => {
  it('a journey has a state, a nonce and a code verifier of 256 bits, all different', () => {
    const journeys = Array.from({ length: 100 }, () => newJourney(NOW, undefined));
    const values = journeys.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier]);
    expect(values.filter((value) => !/^[\w-]{43}$/.test(value))).toEqual([]);
    expect(new Set(values).size).toBe(300);
  });

  it.each([undefined, 'client_id=x&state=%E4%BD%A0+%26'])('a journey is opened unchanged (%s)', (request) => {
    const journey = newJourney(NOW, request);
    expect(openJourney(key, sealJourney(key, journey), NOW)).toEqual(journey);
  });

  it('a sealed journey is opaque, and differs each time', () => {
    const journey = newJourney(NOW, 'client_id=x');
    const sealed = sealJourney(key, journey);
    const bytes = Buffer.from(sealed, 'base64url').toString('latin1');
    for (const secret of [journey.state, journey.codeVerifier, 'client_id']) expect(bytes).not.toContain(secret);
    expect(sealJourney(key, journey)).not.toBe(sealed);
  });

  it('a journey expires after ten minutes', () => {
    const sealed = sealJourney(key, newJourney(NOW, undefined));
    expect(openJourney(key, sealed, NOW + JOURNEY_MS - 1)).toBeDefined();
    expect(openJourney(key, sealed, NOW + JOURNEY_MS)).toBeUndefined();
  });

  it('a journey that was not sealed here, or was changed, is refused', () => {
    const sealed = sealJourney(key, newJourney(NOW, 'client_id=x'));
    const bytes = Buffer.from(sealed, 'base64url');
    const changed = Array.from(bytes, (_, index) => {
      const copy = Buffer.from(bytes);
      copy[index]! ^= 1;
      return copy.toString('base64url');
    });
    const digest = createHash('sha256').update('x').digest('base64url');
    for (const bad of [...changed, undefined, '', 'x', digest, sealed.slice(0, 40), `${sealed}AAAA`]) {
      expect(openJourney(key, bad, NOW)).toBeUndefined();
    }
    expect(openJourney(otherKey, sealed, NOW)).toBeUndefined();
  });

  it('a journey with the longest request fits into a cookie', () => {
    const request = 'ä'.repeat(10) + 'x'.repeat(MAX_JOURNEY_REQUEST_CHARACTERS - 10);
    const cookie = setCookie('upstream', sealJourney(key, newJourney(NOW, request)), JOURNEY_MS / 1000, true);
    expect(cookie.length).toBeLessThanOrEqual(4096);
  });

  it('a journey matches its own state and no other', () => {
    const journey = newJourney(NOW, undefined);
    expect(isStateOf(journey, journey.state)).toBe(true);
    for (const other of [undefined, '', journey.nonce, journey.state.slice(1), `${journey.state}A`, 'ä'.repeat(43)]) {
      expect(isStateOf(journey, other)).toBe(false);
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
