import { expect, it } from '@jest/globals';
import { codeChallengeOf, isCodeChallenge, isCodeVerifier, proves } from './pkce.js';

/** RFC 7636, appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

it('a verifier matches its challenge, as in the example of RFC 7636', () => {
  expect(codeChallengeOf(VERIFIER)).toBe(CHALLENGE);
  expect(proves(VERIFIER, CHALLENGE)).toBe(true);
});

it.each([
  ['another verifier', `${VERIFIER.slice(0, -1)}A`, CHALLENGE],
  ['a longer verifier', `${VERIFIER}A`, CHALLENGE],
  ['another challenge', VERIFIER, `${CHALLENGE.slice(0, -1)}N`],
  ['another case', VERIFIER, CHALLENGE.toLowerCase()],
  // The same bytes in a decoder that does not look at the last bits: M is 001100, N is 001101.
  ['a challenge of the same bytes in another spelling', VERIFIER, CHALLENGE.replace(/M$/, 'N')],
  ['the challenge for a verifier (plain)', CHALLENGE, CHALLENGE],
  ['an empty verifier', '', CHALLENGE],
  ['an empty challenge', VERIFIER, ''],
  ['a padded challenge', VERIFIER, `${CHALLENGE}=`],
  ['a short verifier with the right hash', VERIFIER.slice(1), codeChallengeOf(VERIFIER.slice(1))],
])('[258, 259] %s matches no challenge', (_what, verifier, challenge) => {
  expect(proves(verifier, challenge)).toBe(false);
});

it.each([
  ['a'.repeat(42), false],
  ['a'.repeat(43), true],
  ['a'.repeat(128), true],
  ['a'.repeat(129), false],
  [`${'a'.repeat(42)}~`, true],
  ['-._~'.repeat(11), true],
  [`${'a'.repeat(42)}+`, false],
  [`${'a'.repeat(42)}=`, false],
  [`${'a'.repeat(43)}\n`, false],
  [`${'a'.repeat(43)}é`, false],
])('[259] a verifier is 43 to 128 unreserved characters: %j %s', (text, expected) => {
  expect(isCodeVerifier(text)).toBe(expected);
});

it.each([
  [CHALLENGE, true],
  ['a'.repeat(42), false],
  ['a'.repeat(44), false],
  [`${'a'.repeat(42)}.`, false],
  [`${'a'.repeat(42)}=`, false],
  [`${'a'.repeat(43)}\n`, false],
  ['', false],
])('a challenge is 43 characters of base64url: %j %s', (text, expected) => {
  expect(isCodeChallenge(text)).toBe(expected);
});
