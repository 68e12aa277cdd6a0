/** An uncaught exception is logged, and the process answers open requests and exits. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RekeyProcess } from '../support/rekey-process.js';

const MESSAGE = 'a mistake in the program';

/** Throws beside the service whenever it is sent SIGUSR2. */
const throwing = (expression: string) =>
  `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { throw ${expression}; });`)}`;

/** A log line contains it more than once: in its message and in its stack. */
const linesWith = (text: string, { output }: RekeyProcess): number =>
  output.split('\n').filter((line) => line.startsWith('{') && line.includes(text)).length;

it.each([
  ['an error', `new Error('${MESSAGE}')`, MESSAGE],
  ['undefined', 'undefined', 'Something was thrown that is not an Error.'],
])('%s thrown twice is logged, and the request under way is answered', async (_, expression, message) => {
  const rekey = await RekeyProcess.start({ env: { NODE_OPTIONS: throwing(expression), REKEY_DATA_DIR: 'data' } });
  const { hostname, port } = new URL(rekey.url);
  const body = 'grant_type=client_credentials';
  const answered = new Promise<number>((resolve, reject) => {
    const half = request({
      hostname,
      port,
      method: 'POST',
      path: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
    });
    half.on('error', reject).on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    half.write(body.slice(0, 10));
    void (async () => {
      await sleep(200);
      for (const times of [1, 2]) {
        process.kill(rekey.pid, 'SIGUSR2');
        await eventually(() => expect(linesWith(message, rekey)).toBeGreaterThanOrEqual(times));
      }
      half.end(body.slice(10));
    })().catch(reject);
  });
  expect(await answered).toBe(401);
  expect(await rekey.exited).toEqual({ code: 1, signal: null });
});
