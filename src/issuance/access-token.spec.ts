import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { version as versionOf } from 'uuid';
import { issueTimeOf, derivedIdentity, randomIdentity, readClaims } from './access-token.js';

const KEY = createHash('sha256').update('a key').digest();
const FAMILY_ID = '0197a3d2-5b1c-7def-8abc-0123456789ab';
const ISSUED = Date.UTC(2030, 0, 1, 12, 0, 0, 123);

const anyTime = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const anyGeneration = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('the identity of an access token', () => {
  it('the jti is a UUIDv7 with the time of issue in milliseconds', () => {
    fc.assert(
      fc.property(anyTime, fc.uuid(), anyGeneration, (issuedAt, familyId, generation) => {
        for (const jti of [randomIdentity(issuedAt), derivedIdentity(familyId, generation, issuedAt, KEY)]) {
          expect(versionOf(jti)).toBe(7);
          expect(issueTimeOf(jti)).toBe(issuedAt);
        }
      }),
    );
  });

  it('a fractional time is rounded down to the millisecond', () => {
    expect(issueTimeOf(randomIdentity(ISSUED + 0.75))).toBe(ISSUED);
  });

  it('the jti is the same for a retry, and differs for each generation, family, time and key', () => {
    const first = derivedIdentity(FAMILY_ID, 4, ISSUED, KEY);
    expect(derivedIdentity(FAMILY_ID, 4, ISSUED, KEY)).toBe(first);
    const others = [
      derivedIdentity(FAMILY_ID, 5, ISSUED, KEY),
      derivedIdentity(FAMILY_ID.replace('a', 'b'), 4, ISSUED, KEY),
      derivedIdentity(FAMILY_ID, 4, ISSUED + 1, KEY),
      derivedIdentity(FAMILY_ID, 4, ISSUED, createHash('sha256').update('another').digest()),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('the jti is the same in each release, so that replicas agree during an upgrade', () => {
    expect(derivedIdentity(FAMILY_ID, 4, ISSUED, KEY)).toBe('01b8dd58-e27b-776a-973d-db40619363a5');
  });

  it('a family and a generation whose digits run together are not confused', () => {
    expect(derivedIdentity('s 1', 1, ISSUED, KEY)).not.toBe(derivedIdentity('s', 11, ISSUED, KEY));
  });

  it('the jti does not repeat within a millisecond', () => {
    const random = Array.from({ length: 20_000 }, () => randomIdentity(ISSUED));
    const derived = Array.from({ length: 20_000 }, (_, generation) =>
      derivedIdentity(FAMILY_ID, generation, ISSUED, KEY),
    );
    expect(new Set([...random, ...derived]).size).toBe(40_000);
  });

  it('a text that is not a UUID has no time of issue', () => {
    expect(issueTimeOf('not a uuid at all')).toBeNaN();
    expect(issueTimeOf('')).toBeNaN();
  });
});

const ISSUER = 'https://as.example';
const NOW = 1_800_000_000_000;

const aToken = (more: object) => ({
  iss: ISSUER,
  sub: 'ada',
  aud: ISSUER,
  client_id: 'shop',
  scope: 'a',
  iat: NOW / 1000,
  exp: NOW / 1000 + 600,
  jti: randomIdentity(NOW),
  ...more,
});

it('an access token whose family is still named sid is refused, because a revocation of the family would miss it', () => {
  expect(readClaims(aToken({ family_id: 'f1' }), ISSUER, NOW)).toMatchObject({ familyId: 'f1' });
  expect(readClaims(aToken({ sid: 'f1' }), ISSUER, NOW)).toBeUndefined();
});
