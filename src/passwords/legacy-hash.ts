/** Hashes of other systems that are neither PHC strings nor bcrypt: scrypt, SHA-512 crypt, salted digests of LDAP directories. */
import { base64In, ofLength, type Parsed } from './hash-text.js';

/** The memory that scrypt needs, times its parallelization, which is sequential here: two seconds, and as much as argon2 may take. */
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024;
const MAX_SHA512_CRYPT_ROUNDS = 100_000;
const MAX_SALT_BYTES = 128;

/** PHC string (passlib): the cost as a logarithm, salt and output in base64. */
const SCRYPT_PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$\s]{1,172})\$([^$\s]{1,172})$/;
/** Django and Werkzeug: the salt is the text itself; Django's output is base64, Werkzeug's hexadecimal. */
const SCRYPT_DJANGO = /^scrypt\$(\d{1,9})\$([^$\s]{1,128})\$(\d{1,4})\$(\d{1,4})\$([^$\s]{1,172})$/;
const SCRYPT_WERKZEUG = /^scrypt:(\d{1,9}):(\d{1,4}):(\d{1,4})\$([^$\s]{1,128})\$((?:[\da-f]{2})+)$/;

const SHA512_CRYPT = /^\$6\$(?:rounds=([1-9]\d{0,8})\$)?([^$:\s]{0,16})\$([./\dA-Za-z]{86})$/;
/** Fewer or more were computed as these. */
const SHA512_CRYPT_DEFAULT_ROUNDS = 5000;
const SHA512_CRYPT_MIN_ROUNDS = 1000;

/** RFC 2307 and its SHA-2 successors: the digest of password and salt, then the salt. */
const SALTED_DIGEST = /^\{SSHA(|256|512)\}(\S+)$/;
const DIGEST_OF = { '': 'sha1', '256': 'sha256', '512': 'sha512' } as const;
const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

export function parseScrypt(text: string): Parsed {
  const phc = SCRYPT_PHC.exec(text);
  if (phc) {
    const [, ln, r, p, salt, output] = phc as unknown as string[];
    return scrypt([2 ** Number(ln), Number(r), Number(p)], base64In(salt!), base64In(output!));
  }
  const django = SCRYPT_DJANGO.exec(text);
  if (django) {
    const [, n, salt, r, p, output] = django as unknown as string[];
    return scrypt([Number(n), Number(r), Number(p)], Buffer.from(salt!), base64In(output!));
  }
  const werkzeug = SCRYPT_WERKZEUG.exec(text);
  if (!werkzeug) return undefined;
  const [, n, r, p, salt, output] = werkzeug as unknown as string[];
  return scrypt([Number(n), Number(r), Number(p)], Buffer.from(salt!), Buffer.from(output!, 'hex'));
}

type Costs = readonly [cost: number, blockSize: number, parallelization: number];

/** RFC 7914 §2: the cost is a power of 2. */
function scrypt(
  [cost, blockSize, parallelization]: Costs,
  salt: Buffer | { problem: string },
  expected: Buffer | { problem: string },
): Parsed {
  if ('problem' in salt) return salt;
  if ('problem' in expected) return expected;
  const isPower = Number.isInteger(Math.log2(cost));
  if (!isPower || cost < 2 || blockSize < 1 || parallelization < 1) return { problem: 'is no scrypt hash (RFC 7914)' };
  if (128 * cost * blockSize * parallelization > MAX_SCRYPT_BYTES) {
    return { problem: 'would take too much memory or time' };
  }
  return ofLength(expected, { scheme: 'scrypt', cost, blockSize, parallelization, salt, expected });
}

export function parseSha512Crypt(text: string): Parsed {
  const found = SHA512_CRYPT.exec(text);
  if (!found) return undefined;
  const [, count, salt = '', checksum = ''] = found;
  const rounds = Math.max(SHA512_CRYPT_MIN_ROUNDS, Number(count ?? SHA512_CRYPT_DEFAULT_ROUNDS));
  if (rounds > MAX_SHA512_CRYPT_ROUNDS) return { problem: 'would take too much time' };
  return { scheme: 'sha512crypt', rounds, salt, checksum };
}

export function parseSaltedDigest(text: string): Parsed {
  const found = SALTED_DIGEST.exec(text);
  if (!found) return undefined;
  const digest = DIGEST_OF[found[1] as keyof typeof DIGEST_OF];
  const bytes = base64In(found[2]!);
  if ('problem' in bytes) return bytes;
  const [expected, salt] = [bytes.subarray(0, DIGEST_BYTES[digest]), bytes.subarray(DIGEST_BYTES[digest])];
  if (salt.length === 0 || salt.length > MAX_SALT_BYTES) {
    return { problem: `must have a salt of 1 to ${MAX_SALT_BYTES} bytes after the digest` };
  }
  return { scheme: 'salted-digest', digest, salt, expected };
}
