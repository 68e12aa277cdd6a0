/**
 * Computes password hashes, one at a time, in a separate thread, so that neither the event loop nor libuv's thread pool, which
 * signs access tokens, is blocked. Plain JavaScript, because a thread loads its file unbuilt: from `dist`, and in tests from
 * `src`.
 */
import { Buffer } from 'node:buffer';
import { hash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync as verifyArgon2 } from '@node-rs/argon2';
import { verifySync as verifyBcrypt } from '@node-rs/bcrypt';

// On Linux this sets the priority of the thread; elsewhere it would be that of the whole process. Below normal gives it a
// tenth of the event loop's share of a contended core. The lowest priority would stop sign-ins on a busy machine.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

/** @type {Record<string, (hash: any, password: string) => boolean>} */
const verifiers = {
  argon2: ({ encoded }, password) => verifyArgon2(encoded, password),
  bcrypt: ({ encoded }, password) => verifyBcrypt(password, encoded),
  pbkdf2: ({ digest, iterations, salt, expected }, password) =>
    timingSafeEqual(pbkdf2Sync(password, salt, iterations, expected.length, digest), expected),
  scrypt: ({ cost, blockSize, parallelization, salt, expected }, password) => {
    const maxmem = 128 * blockSize * (cost + parallelization + 2);
    const costs = { cost, blockSize, parallelization, maxmem };
    return timingSafeEqual(scryptSync(password, salt, expected.length, costs), expected);
  },
  sha512crypt: ({ rounds, salt, checksum }, password) => {
    const computed = sha512Crypt(Buffer.from(password), Buffer.from(salt), rounds);
    return timingSafeEqual(Buffer.from(computed), Buffer.from(checksum));
  },
  'salted-digest': ({ digest, salt, expected }, password) =>
    timingSafeEqual(hash(digest, Buffer.concat([Buffer.from(password), salt]), 'buffer'), expected),
};

/** @type {Record<string, (job: any) => string | number>} */
const work = {
  hash: ({ password, options }) => hashSync(password, options),
  verify: ({ hash, passwords }) =>
    passwords.findIndex((/** @type {string} */ password) => verifiers[hash.scheme]?.(hash, password)),
};

parentPort?.on('message', (job) => {
  try {
    parentPort?.postMessage({ value: work[job.kind]?.(job) });
  } catch (error) {
    parentPort?.postMessage({ problem: String(error) });
  }
});

/** @type {(...parts: Uint8Array[]) => Buffer} */
const sha512 = (...parts) => hash('sha512', Buffer.concat(parts), 'buffer');

/** Repeated to this length. @type {(bytes: Uint8Array, length: number) => Buffer} */
const stretched = (bytes, length) => Buffer.alloc(length, bytes);

const CRYPT_ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512", whose steps are numbered. @returns the checksum
 * @type {(password: Buffer, salt: Buffer, rounds: number) => string}
 */
function sha512Crypt(password, salt, rounds) {
  const b = sha512(password, salt, password); // 4-8
  const parts = [password, salt, stretched(b, password.length)]; // 1-3, 9, 10
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? b : password); // 11
  let digest = sha512(...parts); // 12
  const p = stretched(sha512(stretched(password, password.length ** 2)), password.length); // 13-16
  const s = stretched(sha512(stretched(salt, salt.length * (16 + (digest[0] ?? 0)))), salt.length); // 17-20
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    const middle = [...(round % 3 ? [s] : []), ...(round % 7 ? [p] : [])];
    digest = isOdd ? sha512(p, ...middle, digest) : sha512(digest, ...middle, p); // 21
  }
  return inCryptBase64(digest); // 22
}

/** Groups of three bytes, whose positions rotate; four characters each, the lowest bits first. @type {(digest: Buffer) => string} */
function inCryptBase64(digest) {
  let text = '';
  let order = [0, 21, 42];
  for (let group = 0; group < 21; group += 1) {
    const [high, middle, low] = order.map((index) => digest[index] ?? 0);
    text += characters(((high ?? 0) << 16) | ((middle ?? 0) << 8) | (low ?? 0), 4);
    order = [order[1] ?? 0, order[2] ?? 0, order[0] ?? 0].map((index) => index + 1);
  }
  return text + characters(digest[63] ?? 0, 2);
}

/** @type {(bits: number, count: number) => string} */
const characters = (bits, count) =>
  Array.from({ length: count }, (_, index) => CRYPT_ALPHABET[(bits >> (6 * index)) & 63]).join('');
