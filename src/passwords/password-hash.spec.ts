import { describe, expect, it } from '@jest/globals';
import { decoyHash, isCurrent, parseHash } from './password-hash.js';

const b64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64').replace(/=+$/, '');
const argon2 = (cost: string, { salt = 16, output = 32, kind = 'argon2id', version = 'v=19$' } = {}) =>
  `$${kind}$${version}${cost}$${b64(salt)}$${b64(output)}`;
const KEYCLOAK_SALT = Buffer.alloc(16, 3).toString('base64');
const bcrypt = (cost: string, prefix = '2b') => `$${prefix}$${cost}$${'C'.repeat(21)}.${'C'.repeat(31)}`;

describe('a hash that can be imported', () => {
  it.each([
    ['argon2id', argon2('m=19456,t=2,p=1'), 'argon2'],
    ['argon2i of the old version', argon2('m=65536,t=3,p=4', { kind: 'argon2i', version: 'v=16$' }), 'argon2'],
    ['argon2d without a version', argon2('m=64,t=1,p=1', { kind: 'argon2d', version: '' }), 'argon2'],
    ['argon2 with the maximum memory', argon2('m=262144,t=16,p=4'), 'argon2'],
    ['bcrypt $2a$', bcrypt('10', '2a'), 'bcrypt'],
    ['bcrypt $2b$', bcrypt('14'), 'bcrypt'],
    ['bcrypt $2y$', bcrypt('04', '2y'), 'bcrypt'],
    ['PBKDF2 of Django', `pbkdf2_sha256$600000$saltsalt$${Buffer.alloc(32).toString('base64')}`, 'pbkdf2'],
    ['PBKDF2 of an old Django', `pbkdf2_sha1$10000$salt$${Buffer.alloc(20).toString('base64')}`, 'pbkdf2'],
    ['PBKDF2 as a PHC string', `$pbkdf2-sha512$i=210000,l=64$${b64(16)}$${b64(64)}`, 'pbkdf2'],
    ['PBKDF2 with the maximum iterations', `$pbkdf2-sha256$5000000$${b64(8)}$${b64(32)}`, 'pbkdf2'],
    ['PBKDF2 with the maximum blocks', `$pbkdf2-sha1$1250000$${b64(8)}$${b64(64)}`, 'pbkdf2'],
    [
      'PBKDF2 of passlib',
      `$pbkdf2-sha256$29000$9t7be09prfXee2/NOUeotQ$.r0UQCQWLfTIR/2ew4ZtdhTTOwl2ga5CO9qk4OQtHo4`,
      'pbkdf2',
    ],
    ['PBKDF2 of Keycloak, with its padding', `$pbkdf2-sha512$210000$${KEYCLOAK_SALT}$${'A'.repeat(86)}==`, 'pbkdf2'],
    ['PBKDF2 of Werkzeug', `pbkdf2:sha256:600000$saltsalt$${'ab'.repeat(32)}`, 'pbkdf2'],
    ['scrypt as a PHC string', `$scrypt$ln=16,r=8,p=1$${b64(16)}$${b64(32)}`, 'scrypt'],
    ['scrypt of Django', `scrypt$16384$saltsalt$8$5$${Buffer.alloc(64).toString('base64')}`, 'scrypt'],
    ['scrypt of Werkzeug', `scrypt:32768:8:1$saltsalt$${'ab'.repeat(64)}`, 'scrypt'],
    ['scrypt with the maximum memory', `$scrypt$ln=18,r=8,p=1$${b64(16)}$${b64(32)}`, 'scrypt'],
    ['SHA-512 crypt', `$6$saltsalt$${'.'.repeat(86)}`, 'sha512crypt'],
    ['SHA-512 crypt with the maximum rounds', `$6$rounds=100000$saltsalt$${'.'.repeat(86)}`, 'sha512crypt'],
    ['SSHA', `{SSHA}${Buffer.alloc(28).toString('base64')}`, 'salted-digest'],
    ['SSHA with SHA-512', `{SSHA512}${Buffer.alloc(72).toString('base64')}`, 'salted-digest'],
  ])('a hash can be imported: %s', (_what, text, scheme) => {
    expect(parseHash(text)).toMatchObject({ scheme });
  });
});

describe('a hash that cannot be imported', () => {
  it.each([
    ['nothing', ''],
    ['a password', 'correct horse battery staple'],
    ['MD5', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['SHA-512 crypt cut short', '$6$saltsalt$abc'],
    ['bcrypt of the broken version', bcrypt('10', '2x')],
    ['bcrypt cut short', bcrypt('10').slice(0, -1)],
    ['bcrypt of 200 bytes', bcrypt('10').padEnd(200, 'C')],
    ['bcrypt with too low a cost', bcrypt('03')],
    ['bcrypt with a salt of too many bits', bcrypt('10').replace('.', 'C')],
    ['bcrypt with a checksum of too many bits', bcrypt('10').replace(/.$/, 'D')],
    ['argon2 in base64url', argon2('m=64,t=1,p=1').replace(/.{4}$/, '-_AA')],
    ['argon2 with a salt of too many bits', argon2('m=64,t=1,p=1').replace(/\w\$(\w+)$/, 'x$$$1')],
    ['argon2 with an output of too many bits', argon2('m=64,t=1,p=1').replace(/\w$/, 'x')],
    ['argon2 with a number that begins with 0', argon2('m=064,t=1,p=1')],
    ['argon2 with a key', `$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA$${b64(16)}$${b64(32)}`],
    ['argon2 of another version', argon2('m=64,t=1,p=1', { version: 'v=18$' })],
    ['argon2 of too little memory', argon2('m=8,t=1,p=2')],
    ['argon2 with a short salt', argon2('m=64,t=1,p=1', { salt: 4 })],
    ['argon2 that is short enough to guess', argon2('m=64,t=1,p=1', { output: 8 })],
    ['argon2 that is endless', argon2('m=64,t=1,p=1', { output: 65 })],
    ['PBKDF2 with MD5', `pbkdf2_md5$1000$salt$${b64(16)}`],
    ['PBKDF2 with a short output', '$pbkdf2-sha256$1000$AAAA$A'],
    ['PBKDF2 with no iterations', `$pbkdf2-sha256$0$${b64(8)}$${b64(32)}`],
    ['one with a line end', `${bcrypt('10')}\n`],
    ['scrypt with a cost that is no power of 2', `$scrypt$ln=0,r=8,p=1$${b64(16)}$${b64(32)}`],
    ['scrypt of Django with an odd cost', `scrypt$16383$saltsalt$8$1$${Buffer.alloc(64).toString('base64')}`],
    ['scrypt with a short output', `$scrypt$ln=14,r=8,p=1$${b64(16)}$${b64(8)}`],
    ['SHA-512 crypt with a long salt', `$6$${'s'.repeat(17)}$${'.'.repeat(86)}`],
    ['SHA-256 crypt', `$5$saltsalt$${'.'.repeat(43)}`],
    ['a digest without a salt', `{SSHA}${Buffer.alloc(20).toString('base64')}`],
    ['a digest of LDAP that is not salted', `{SHA}${Buffer.alloc(20).toString('base64')}`],
  ])('a hash cannot be imported: %s', (_what, text) => {
    expect(parseHash(text)).toEqual({ problem: expect.stringMatching(/^(must be|must have|is no) /) });
  });

  it.each([
    ['bcrypt', bcrypt('15')],
    ['bcrypt by its cost', bcrypt('31')],
    ['PBKDF2', `$pbkdf2-sha256$5000001$${b64(8)}$${b64(32)}`],
    ['PBKDF2 by the blocks of its output', `$pbkdf2-sha1$1250001$${b64(8)}$${b64(61)}`],
    ['PBKDF2 with a billion iterations', `pbkdf2_sha256$1000000000$saltsalt$${Buffer.alloc(32).toString('base64')}`],
    ['argon2 by its memory', argon2('m=262145,t=1,p=1')],
    ['argon2 with 4 GiB', argon2('m=4194304,t=1,p=1')],
    ['argon2 with 4 TiB', argon2('m=4294967295,t=1,p=1')],
    ['argon2 by its passes', argon2('m=65536,t=65,p=1')],
    ['scrypt by its memory', `$scrypt$ln=19,r=8,p=1$${b64(16)}$${b64(32)}`],
    ['scrypt by its block size', `scrypt$16384$saltsalt$9999$1$${b64(32)}`],
    ['scrypt by its parallelization', `scrypt:32768:8:9$saltsalt$${'ab'.repeat(32)}`],
    ['SHA-512 crypt', `$6$rounds=100001$saltsalt$${'.'.repeat(86)}`],
    ['argon2 by its lanes', argon2('m=262144,t=1,p=65')],
  ])('a hash cannot be imported: %s that takes too long', (_what, text) => {
    expect(parseHash(text)).toEqual({ problem: expect.stringMatching(/^would take too much/) });
  });
});

it.each([
  ['base64url', `$pbkdf2-sha256$1000$${b64(8)}$${'-'.repeat(43)}`, /not in base64url$/],
  ['base64url in the salt', `$scrypt$ln=14,r=8,p=1$${'_'.repeat(22)}$${b64(32)}`, /not in base64url$/],
  ['wrong padding', `$pbkdf2-sha256$1000$${b64(8)}$${'A'.repeat(43)}==`, /padding/],
  ['a character too many', `{SSHA}${'A'.repeat(41)}`, /padding/],
  ['another alphabet', `$pbkdf2-sha256$1000$${b64(8)}$${'é'.repeat(43)}`, /in base64$/],
])('a hash in another base64 is refused with the reason: %s', (_what, text, reason) => {
  expect(parseHash(text)).toEqual({ problem: expect.stringMatching(reason) });
});

describe('the current hash', () => {
  it('a current hash is argon2id with the OWASP parameters', () => {
    expect(isCurrent(argon2('m=19456,t=2,p=1'))).toBe(true);
    expect(isCurrent(argon2('m=19456,t=3,p=1'))).toBe(false);
    expect(isCurrent(argon2('m=19456,t=2,p=1', { kind: 'argon2i' }))).toBe(false);
    expect(isCurrent(bcrypt('10'))).toBe(false);
  });

  it('a decoy looks like a current hash, and differs each time', () => {
    const decoy = decoyHash() as { encoded: string };
    expect(isCurrent(decoy.encoded)).toBe(true);
    expect(parseHash(decoy.encoded)).toEqual(decoy);
    expect(decoyHash()).not.toEqual(decoy);
  });
});
