/**
 * Password hashes: PHC strings of argon2id with the parameters below. Imported users bring the hash of their old system,
 * which is verified as it is and replaced at the next sign-in. `password-thread.js` computes the hashes.
 */
import { randomBytes } from 'node:crypto';
import { base64In, ofLength, type Digest, type Parsed, type PasswordHash } from './hash-text.js';
import { parseSaltedDigest, parseScrypt, parseSha512Crypt } from './legacy-hash.js';

/** From the OWASP Password Storage Cheat Sheet. After a change, each user's hash is replaced at the next sign-in. */
export const parameters = { memoryKib: 19_456, passes: 2, lanes: 1, saltBytes: 16, outputBytes: 32 } as const;

export type { PasswordHash };

/**
 * Limits of imported hashes: a verification takes a few seconds at most (twice that if the password has two spellings, see
 * `password-hasher.service.ts`), and several threads at once fit into memory.
 */
const MAX_BCRYPT_COST = 14;
/** Iterations times output blocks, because each block takes all iterations. */
const MAX_PBKDF2_ROUNDS = 5_000_000;
const MAX_ARGON2_MEMORY_KIB = 256 * 1024;
/** Memory times passes. */
const MAX_ARGON2_WORK_KIB = 4 * 1024 * 1024;
const MAX_ARGON2_LANES = 64;

const ARGON2 =
  /^\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([^$]+)\$([^$]+)$/;
/** The unused bits in the last characters of salt and checksum must be 0, or the hash never verifies. */
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;
/** Django and Werkzeug: the salt is the text itself; Django's output is base64, Werkzeug's hexadecimal. */
const PBKDF2_DJANGO = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,10})\$([^$\s]{1,128})\$([^$\s]{1,172})$/;
const PBKDF2_WERKZEUG = /^pbkdf2:(sha1|sha256|sha512):(\d{1,10})\$([^$\s]{1,128})\$((?:[\da-f]{2})+)$/;
/** PHC strings, and passlib's variant: without `-sha1` and `i=`. Salt and value of a Keycloak export fit in. */
const PBKDF2_PHC =
  /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,10})(?:,l=\d{1,3})?\$([^$\s]{1,172})\$([^$\s]{1,172})$/;

/** PBKDF2 output per block. */
const BLOCK_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

const FORMATS =
  'an argon2 PHC string, a bcrypt hash ($2a$, $2b$, $2y$), a PBKDF2 or scrypt hash (Django, Werkzeug, PHC), SHA-512 crypt ($6$) or a salted digest ({SSHA}, {SSHA256}, {SSHA512})';

const PARSERS = [parseArgon2, parseBcrypt, parsePbkdf2, parseScrypt, parseSha512Crypt, parseSaltedDigest];

/** @returns the hash, or what is wrong with it */
export function parseHash(text: string): PasswordHash | { readonly problem: string } {
  for (const parse of PARSERS) {
    const parsed = parse(text);
    if (parsed) return parsed;
  }
  return { problem: `must be ${FORMATS}` };
}

function parseArgon2(text: string): Parsed {
  const found = ARGON2.exec(text);
  if (!found) return undefined;
  const [memoryKib, passes, lanes] = found.slice(1, 4).map(Number) as [number, number, number];
  const texts = found.slice(4) as [string, string];
  const [salt, output] = texts.map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  // The library throws on base64url, and on non-zero unused bits in the last character.
  const isCanonical = unpadded(salt) === texts[0] && unpadded(output) === texts[1];
  if (memoryKib < 8 * lanes || salt.length < 8 || !isCanonical) return { problem: 'is no argon2 hash (RFC 9106)' };
  if (memoryKib > MAX_ARGON2_MEMORY_KIB || memoryKib * passes > MAX_ARGON2_WORK_KIB || lanes > MAX_ARGON2_LANES) {
    return { problem: 'would take too much memory or time' };
  }
  return ofLength(output, { scheme: 'argon2', encoded: text });
}

function parseBcrypt(text: string): Parsed {
  const cost = Number(BCRYPT.exec(text)?.[1]);
  if (Number.isNaN(cost)) return undefined;
  if (cost < 4) return { problem: 'is no bcrypt hash' };
  return cost > MAX_BCRYPT_COST ? { problem: 'would take too much time' } : { scheme: 'bcrypt', encoded: text };
}

function parsePbkdf2(text: string): Parsed {
  const textual = PBKDF2_DJANGO.exec(text) ?? PBKDF2_WERKZEUG.exec(text);
  const found = textual ?? PBKDF2_PHC.exec(text);
  if (!found) return undefined;
  const [, digest = 'sha1', count, saltText, output] = found as unknown as [
    string,
    Digest | undefined,
    string,
    string,
    string,
  ];
  const iterations = Number(count);
  if (iterations < 1) return { problem: 'is no PBKDF2 hash' };
  const expected = text.startsWith('pbkdf2:') ? Buffer.from(output, 'hex') : base64In(output);
  if ('problem' in expected) return expected;
  const salt = textual ? Buffer.from(saltText, 'utf8') : base64In(saltText);
  if ('problem' in salt) return salt;
  const rounds = iterations * Math.ceil(expected.length / BLOCK_BYTES[digest]);
  if (rounds > MAX_PBKDF2_ROUNDS) return { problem: 'would take too much time' };
  return ofLength(expected, { scheme: 'pbkdf2', digest, iterations, salt, expected });
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

const CURRENT = `$argon2id$v=19$m=${parameters.memoryKib},t=${parameters.passes},p=${parameters.lanes}$`;

/** Whether a hash has the scheme and parameters of new ones. */
export const isCurrent = (text: string): boolean => text.startsWith(CURRENT);

/** A dummy hash: verifying takes as long as with a current one, and no password matches. */
export const decoyHash = (): PasswordHash => ({
  scheme: 'argon2',
  encoded: `${CURRENT}${unpadded(randomBytes(parameters.saltBytes))}$${unpadded(randomBytes(parameters.outputBytes))}`,
});
