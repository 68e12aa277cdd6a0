/**
 * How passwords are kept: as a PHC string of argon2id with the parameters below. Users who were imported bring the hash of
 * the system that they come from; it verifies as it is, and is replaced at the next sign-in. What computes them is
 * `password-thread.js`.
 */
import { randomBytes } from 'node:crypto';

/** OWASP, Password Storage Cheat Sheet. When they change, each user's hash is replaced at the next sign-in. */
export const parameters = { memoryKib: 19_456, passes: 2, lanes: 1, saltBytes: 16, outputBytes: 32 } as const;

export type PasswordHash =
  | { readonly scheme: 'argon2' | 'bcrypt'; readonly encoded: string }
  | {
      readonly scheme: 'pbkdf2';
      readonly digest: keyof typeof BLOCK_BYTES;
      readonly iterations: number;
      readonly salt: Uint8Array;
      readonly expected: Uint8Array;
    };

/**
 * Where imported hashes end: a verification takes a few seconds at most, and what several threads take at once fits into
 * memory. (Twice that time, where a password is compared in two spellings: see `password-hasher.service.ts`.)
 */
const MAX_BCRYPT_COST = 14;
/** Each block of the output takes all of the iterations. */
const MAX_PBKDF2_ROUNDS = 5_000_000;
const MAX_ARGON2_MEMORY_KIB = 256 * 1024;
/** Memory times passes. */
const MAX_ARGON2_WORK_KIB = 4 * 1024 * 1024;
const MAX_ARGON2_LANES = 64;

/** A shorter one would be guessed, or would let anybody in. */
const MIN_OUTPUT_BYTES = 16;
const MAX_OUTPUT_BYTES = 64;

const ARGON2 =
  /^\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=([1-9]\d{0,7}),t=([1-9]\d{0,7}),p=([1-9]\d{0,2})\$([^$]+)\$([^$]+)$/;
/** The last characters of salt and checksum have bits to spare. Where those are not 0, it verifies nowhere. */
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;
/** Django's; the salt is the text itself. */
const PBKDF2_DJANGO = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,9})\$([^$\s]{1,128})\$([A-Za-z0-9+/]+={0,2})$/;
/** As PHC strings are written, and as passlib writes them: without `-sha1` and `i=`, and with dots for plus signs. */
const PBKDF2_PHC =
  /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,9})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{1,172})\$([A-Za-z0-9+/.]+)$/;

/** What PBKDF2 makes at a time. */
const BLOCK_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

const FORMATS = 'an argon2 PHC string, a bcrypt hash ($2a$, $2b$, $2y$) or a PBKDF2 hash (Django, PHC)';

/** @returns the hash; or what is wrong with it */
export function parseHash(text: string): PasswordHash | { readonly problem: string } {
  for (const parse of [parseArgon2, parseBcrypt, parsePbkdf2]) {
    const parsed = parse(text);
    if (parsed) return parsed;
  }
  return { problem: `must be ${FORMATS}` };
}

type Parsed = ReturnType<typeof parseHash> | undefined;

function parseArgon2(text: string): Parsed {
  const found = ARGON2.exec(text);
  if (!found) return undefined;
  const [memoryKib, passes, lanes] = found.slice(1, 4).map(Number) as [number, number, number];
  const texts = found.slice(4) as [string, string];
  const [salt, output] = texts.map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  // The library throws at the base64 of URLs, and at a last character with bits to spare that are not 0.
  const isCanonical = unpadded(salt) === texts[0] && unpadded(output) === texts[1];
  if (memoryKib < 8 * lanes || salt.length < 8 || !isCanonical) return { problem: 'is no argon2 hash (RFC 9106)' };
  if (memoryKib > MAX_ARGON2_MEMORY_KIB || memoryKib * passes > MAX_ARGON2_WORK_KIB || lanes > MAX_ARGON2_LANES) {
    return { problem: 'would take too much memory or time' };
  }
  return ofLength(output.length, { scheme: 'argon2', encoded: text });
}

function parseBcrypt(text: string): Parsed {
  const cost = Number(BCRYPT.exec(text)?.[1]);
  if (Number.isNaN(cost)) return undefined;
  if (cost < 4) return { problem: 'is no bcrypt hash' };
  return cost > MAX_BCRYPT_COST ? { problem: 'would take too much time' } : { scheme: 'bcrypt', encoded: text };
}

function parsePbkdf2(text: string): Parsed {
  const django = PBKDF2_DJANGO.exec(text);
  const found = django ?? PBKDF2_PHC.exec(text);
  if (!found) return undefined;
  const [, digest = 'sha1', count, salt, output] = found as unknown as [
    string,
    keyof typeof BLOCK_BYTES | undefined,
    string,
    string,
    string,
  ];
  const iterations = Number(count);
  if (iterations < 1) return { problem: 'is no PBKDF2 hash' };
  const expected = base64(output);
  const rounds = iterations * Math.ceil(expected.length / BLOCK_BYTES[digest]);
  if (rounds > MAX_PBKDF2_ROUNDS) return { problem: 'would take too much time' };
  const bytes = django ? Buffer.from(salt, 'utf8') : base64(salt);
  return ofLength(expected.length, { scheme: 'pbkdf2', digest, iterations, salt: bytes, expected });
}

const ofLength = (bytes: number, hash: PasswordHash): Parsed =>
  bytes >= MIN_OUTPUT_BYTES && bytes <= MAX_OUTPUT_BYTES
    ? hash
    : { problem: `must be of ${MIN_OUTPUT_BYTES} to ${MAX_OUTPUT_BYTES} bytes` };

const base64 = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64');

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

const CURRENT = `$argon2id$v=19$m=${parameters.memoryKib},t=${parameters.passes},p=${parameters.lanes}$`;

/** Whether a hash is what a new one would be. */
export const isCurrent = (text: string): boolean => text.startsWith(CURRENT);

/** A hash of nothing: it takes as long to verify as a current one, and no password matches it. */
export const decoyHash = (): PasswordHash => ({
  scheme: 'argon2',
  encoded: `${CURRENT}${unpadded(randomBytes(parameters.saltBytes))}$${unpadded(randomBytes(parameters.outputBytes))}`,
});
