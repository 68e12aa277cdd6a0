/** One row of the table: rounds of floor and Rekey alternate, and their medians are compared. */
import { load, median, percentile, type Session } from './load.js';
import { cpuMicroseconds, type Running } from './servers.js';

export interface Side {
  readonly server: Running;
  readonly sessions: readonly Session[];
}

export interface Duration {
  readonly rounds: number;
  /** For each round, the first second aside. */
  readonly seconds: number;
}

/** One round: answers a second, CPU per answer in microseconds, latencies in milliseconds. */
interface Round {
  readonly rate: number;
  readonly mainThread: number;
  readonly process: number;
  readonly p50: number;
  readonly p99: number;
}

export const TABLE_HEAD =
  '| | floor /s | Rekey /s | ratio | floor CPU, main thread / process | Rekey CPU, main thread / process | p50 | p99 |\n' +
  '|---|---|---|---|---|---|---|---|';

/** @returns the row */
export async function compare(name: string, floor: Side, rekey: Side, { rounds, seconds }: Duration): Promise<string> {
  const measured: { floor: Round[]; rekey: Round[] } = { floor: [], rekey: [] };
  for (let round = 0; round < rounds; round += 1) {
    measured.floor.push(await measure(name, floor, seconds));
    measured.rekey.push(await measure(name, rekey, seconds));
  }
  const middle = (side: 'floor' | 'rekey', key: keyof Round): number => median(measured[side].map((one) => one[key]));
  const cpu = (side: 'floor' | 'rekey'): string =>
    `${Math.round(middle(side, 'mainThread'))} / ${Math.round(middle(side, 'process'))} µs`;
  const [floorRate, rekeyRate] = [middle('floor', 'rate'), middle('rekey', 'rate')];
  const cells = [name, Math.round(floorRate), Math.round(rekeyRate), (rekeyRate / floorRate).toFixed(2)];
  const times = [middle('rekey', 'p50'), middle('rekey', 'p99')].map((ms) => `${ms.toFixed(1)} ms`);
  return `| ${[...cells, cpu('floor'), cpu('rekey'), ...times].join(' | ')} |`;
}

async function measure(name: string, { server, sessions }: Side, seconds: number): Promise<Round> {
  const before = await cpuMicroseconds(server.process);
  const result = await load(server.url, sessions, seconds);
  const after = await cpuMicroseconds(server.process);
  if (result.failures.size > 0)
    throw new Error(`${name}: answers other than 200: ${JSON.stringify([...result.failures])}`);
  return {
    rate: result.answersPerSecond,
    mainThread: (after.mainThread - before.mainThread) / result.allAnswers,
    process: (after.process - before.process) / result.allAnswers,
    p50: percentile(result.latencies, 0.5),
    p99: percentile(result.latencies, 0.99),
  };
}
