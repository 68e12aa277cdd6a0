/** One replica of several processes (`REKEY_PROCESSES`): to the outside it is one service. (Killed ones: `crash-under-load.spec.ts`.) */
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { beginFamilies, registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { refresh } from '../support/requests.js';

const PROCESSES = 2;

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica({ env: { REKEY_PROCESSES: String(PROCESSES), REKEY_DRAIN_SECONDS: '2' } });
  await eventually(() => expect(rekey.workers).toHaveLength(PROCESSES));
  await eventually(async () => expect(await metric('rekey_processes')).toBe(PROCESSES));
  client = await registerClient(rekey);
});
afterAll(() => deployment.stop());

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** On a connection of its own, which goes to the next process. */
function ask(path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    get(`${rekey.url}${path}`, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    }).on('error', reject);
  });
}

const askAll = (path: string) => Promise.all(Array.from({ length: PROCESSES }, () => ask(path)));

async function metric(name: string): Promise<number> {
  const { text } = await ask('/metrics');
  const line = text.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  return Number(line?.split(' ').at(-1) ?? NaN);
}

const lines = () =>
  rekey.output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const ROTATED = 'rekey_refreshes_total{verdict="rotated"}';

it('several processes make one schema, one first client and one set of keys, and say once that the service is ready', async () => {
  for (const table of ['token_keys', "clients WHERE client_id = 'admin'"]) {
    expect(await deployment.query(`SELECT 1 FROM ${table}`)).toHaveLength(1);
  }
  expect(await deployment.query('SELECT 1 FROM signing_keys')).toHaveLength(2);
  const linesOf = (event: string) => lines().filter(({ msg }) => msg === event);
  await eventually(() => expect(linesOf('ready')).toHaveLength(PROCESSES + 1));
  const ready = linesOf('ready');
  expect(ready.filter(({ pid }) => pid === undefined)).toMatchObject([{ url: rekey.url, processes: PROCESSES }]);
  expect(ready.map(({ pid }) => pid).filter(Boolean)).toHaveLength(PROCESSES);
});

it('/metrics is the sum of all processes, and no counter falls when one of them ends', async () => {
  const families = await beginFamilies(rekey, client, 30);
  await Promise.all(families.map(({ refreshToken }) => refresh(rekey, client, refreshToken)));
  const scrapes = await Promise.all(Array.from({ length: PROCESSES }, () => metric(ROTATED)));
  expect(scrapes).toEqual(scrapes.map(() => 30));
  const [killed] = rekey.workers;
  process.kill(killed!, 'SIGKILL');
  await eventually(async () => expect(await metric('rekey_process_restarts_total')).toBe(1));
  expect(await metric(ROTATED)).toBe(30);
  await eventually(async () => expect(await metric('rekey_processes')).toBe(PROCESSES));
  const replaced = lines().filter(({ msg }) => msg === 'a process ended and is replaced');
  expect(replaced).toMatchObject([{ pid: killed, signal: 'SIGKILL' }]);
});

it('a process that is killed leaves no connection without an answer', async () => {
  let isOver = false;
  let answered = 0;
  const outcomes = await Promise.all([
    ...Array.from({ length: 32 }, async () => {
      while (!isOver) {
        const asked = ask('/health/live').then(
          () => (answered += 1),
          () => undefined,
        );
        if ((await Promise.race([asked, sleep(10_000, 'unanswered')])) === 'unanswered') return 'unanswered';
      }
      return 'over';
    }),
    (async () => {
      for (let kills = 0; kills < 4; kills += 1) {
        await sleep(150);
        const [pid] = rekey.workers;
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      }
      isOver = true;
      return 'over';
    })(),
  ]);
  expect(new Set(outcomes)).toEqual(new Set(['over']));
  expect(answered).toBeGreaterThan(100);
  await eventually(async () => expect(await metric('rekey_processes')).toBe(PROCESSES));
});

it('a process that hangs makes the service not alive, whichever process is asked', async () => {
  const [stuck] = rekey.workers;
  expect((await askAll('/health/live')).map(({ status }) => status)).toEqual([200, 200]);
  process.kill(stuck!, 'SIGSTOP');
  try {
    const asked = Promise.race([ask('/health/live'), ask('/health/live')]); // one of them may reach the process that hangs
    expect(await asked).toEqual({ status: 503, text: '{"status":"error"}' });
  } finally {
    process.kill(stuck!, 'SIGCONT');
  }
  await eventually(async () => expect((await ask('/health/live')).status).toBe(200));
});

it('on SIGTERM no process is ready any more, all serve on together, and the service exits with 0', async () => {
  const [family] = await beginFamilies(rekey, client, 1);
  const toldAt = performance.now();
  const ended = rekey.stop();
  await eventually(async () => expect((await askAll('/health/ready')).map(({ status }) => status)).toEqual([503, 503]));
  expect((await refresh(rekey, client, family!.refreshToken)).status).toBe(200);
  expect(await ended).toEqual({ code: 0, signal: null });
  const tookMs = performance.now() - toldAt;
  expect(tookMs).toBeGreaterThan(1900);
  const ends = lines().filter(({ msg }) => msg === 'stopped');
  expect(ends.map(({ exit_code }) => exit_code)).toEqual([0, 0, 0]);
  expect(ends.at(-1)!.pid).toBeUndefined();
});
