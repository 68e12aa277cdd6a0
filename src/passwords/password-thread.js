/**
 * Computes password hashes, one at a time, in a separate thread, so that neither the event loop nor libuv's thread pool, which
 * signs access tokens, is blocked. Plain JavaScript, because a thread loads its file unbuilt: from `dist`, and in tests from
 * `src`.
 */
import { pbkdf2Sync, timingSafeEqual } from 'node:crypto';
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
