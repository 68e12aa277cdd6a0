/**
 * Computes password hashes, one at a time, in a thread of its own: the event loop serves requests meanwhile, and so does
 * the thread pool of libuv, in which access tokens are signed. Plain JavaScript, because a thread loads its file as it is,
 * from `dist` and, in the tests, from `src`.
 */
import { pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync as verifyArgon2 } from '@node-rs/argon2';
import { verifySync as verifyBcrypt } from '@node-rs/bcrypt';

// On Linux the priority is the thread's own; elsewhere it would be that of the whole process. Below normal (a tenth of the
// event loop's share where both want the same core), and not the lowest: on a busy machine nobody could sign in any more.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

/** @type {Record<string, (hash: any, password: string) => boolean>} */
const verifiers = {
  argon2: ({ encoded }, password) => verifyArgon2(encoded, password),
  bcrypt: ({ encoded }, password) => verifyBcrypt(password, encoded),
  pbkdf2: ({ digest, iterations, salt, expected }, password) =>
    timingSafeEqual(pbkdf2Sync(password, salt, iterations, expected.length, digest), expected),
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
