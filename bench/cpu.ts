/** CPU time, user and system, as Linux counts it: of a server with its processes, of PostgreSQL with its, and of the load. */
import { readFile } from 'node:fs/promises';

/** Microseconds. */
export interface Cpu {
  /** The main threads of the server's processes. */
  readonly mainThread: number;
  /** The server's processes with all threads. */
  readonly process: number;
  readonly postgres: number;
  readonly load: number;
}

const MICROSECONDS_PER_TICK = 10_000;

export async function cpuSoFar(serverPid: number, postgresPid: number): Promise<Cpu> {
  const server = [serverPid, ...(await childrenOf(serverPid))];
  const postgres = await Promise.all((await childrenOf(postgresPid)).map((pid) => used(`/proc/${pid}/stat`)));
  const { user, system } = process.cpuUsage();
  return {
    mainThread: sum(await Promise.all(server.map((pid) => used(`/proc/${pid}/task/${pid}/stat`)))),
    process: sum(await Promise.all(server.map((pid) => used(`/proc/${pid}/stat`)))),
    // With those of its processes that have ended.
    postgres: sum(postgres) + (await used(`/proc/${postgresPid}/stat`)) + (await used(`/proc/${postgresPid}/stat`, 13)),
    load: user + system,
  };
}

/** @returns of each answer */
export function perAnswer(before: Cpu, after: Cpu, answers: number): Cpu {
  const of = (key: keyof Cpu): number => (after[key] - before[key]) / answers;
  return { mainThread: of('mainThread'), process: of('process'), postgres: of('postgres'), load: of('load') };
}

async function childrenOf(pid: number): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
}

/** 0 for a process that has just ended. */
async function used(file: string, field = 11): Promise<number> {
  const stat = await readFile(file, 'utf8').catch(() => '');
  const fields = stat
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  return ((fields[field] ?? 0) + (fields[field + 1] ?? 0)) * MICROSECONDS_PER_TICK;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
