/** The measured servers: the floor and Rekey, in separate processes on the same PostgreSQL and Redis. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { freePort } from '../test/support/server-process.js';

export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
export const SECRET = 'bench-secret-0123456789abcdefghijklmnopqrstu';
export const MASTER_KEY = 'bench-master-key-0123456789-abcdefghijkl';
export const ADMIN = { id: 'bench-admin', secret: 'bench-admin-secret-0123456789abcdefghij' };

export interface Running {
  readonly url: string;
  readonly process: ChildProcess;
  /** How many serve. */
  readonly processes: number;
  stop(): Promise<void>;
}

export const running = (url: string, process: ChildProcess, processes = 1): Running => ({
  url,
  process,
  processes,
  async stop() {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGTERM');
    await ended;
  },
});

export async function startFloor(
  databaseUrl: string,
  redisUrl: string,
  processes = 1,
): Promise<Running & { token: string }> {
  const file = fileURLToPath(new URL('./floor.js', import.meta.url));
  const child = fork(file, {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      BENCH_SECRET: SECRET,
      FLOOR_PROCESSES: `${processes}`,
    },
  });
  const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }];
  return { ...running(url, child, processes), token };
}

export async function startRekey(
  environment: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, [...nodeOptions, 'dist/main.js'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      REKEY_SECRET: MASTER_KEY,
      REKEY_ADMIN_CLIENT_ID: ADMIN.id,
      REKEY_ADMIN_CLIENT_SECRET: ADMIN.secret,
      PORT: String(port),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit'], // logs are written, and nobody reads them
  });
  const url = `http://127.0.0.1:${port}`;
  const processes = Number(environment['REKEY_PROCESSES'] ?? 1);
  await answers(url, child);
  while (processes > 1 && !(await metrics(url)).includes(`rekey_processes ${processes}\n`)) await sleep(50);
  return running(url, child, processes);
}

const metrics = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Rekey ended with ${child.exitCode} before it answered`);
    try {
      if ((await fetch(`${url}/jwks`)).ok) return;
    } catch {
      await sleep(20);
    }
  }
}

/** Resident memory of a process, in MB. */
export async function residentMegabytes({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024);
}
