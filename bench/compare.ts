/** One row of the table: rounds of floor and Rekey alternate, and the median of their ratios is the result. */
import { cpuSoFar, perAnswer, type Cpu } from './cpu.js';
import { load, median, percentile, type LoadResult, type Session } from './load.js';
import type { Running } from './servers.js';

export interface Side {
  readonly server: Running;
  readonly sessions: readonly Session[];
  /** Requests per second for all sessions together; undefined: as many as it answers. */
  readonly pace?: number | undefined;
}

export interface Duration {
  readonly rounds: number;
  /** For each round, its beginning aside. */
  readonly seconds: number;
}

/** Answers a second, CPU per answer in microseconds, latencies in milliseconds. */
export interface Figures extends Cpu {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Row {
  readonly name: string;
  /** Of the service, and of the floor. */
  readonly processes: number;
  readonly floor: Figures;
  readonly rekey: Figures;
  /** Rates: Rekey's divided by the floor's. */
  readonly ratio: number;
}

export const TABLE_HEAD =
  '| | floor /s | Rekey /s | ratio | floor CPU | Rekey CPU | p50, floor / Rekey | p99, floor / Rekey |\n' +
  '|---|---|---|---|---|---|---|---|';

export async function compare(
  name: string,
  postgresPid: number,
  sides: { floor: Side; rekey: Side },
  { rounds, seconds }: Duration,
): Promise<Row> {
  const [floor, rekey]: [Figures[], Figures[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    floor.push(await measure(name, sides.floor, postgresPid, seconds));
    rekey.push(await measure(name, sides.rekey, postgresPid, seconds));
  }
  const ratio = median(rekey.map(({ rate }, round) => rate / floor[round]!.rate));
  return { name, processes: sides.rekey.server.processes, floor: middle(floor), rekey: middle(rekey), ratio };
}

export async function measure(
  name: string,
  { server, sessions, pace }: Side,
  postgresPid: number,
  seconds: number,
): Promise<Figures> {
  return figures(name, server, postgresPid, () => load(server.url, sessions, seconds, pace));
}

/** @throws Error if an answer is not 200 */
export async function figures(
  name: string,
  server: Running,
  postgresPid: number,
  work: () => Promise<LoadResult>,
): Promise<Figures> {
  const before = await cpuSoFar(server.process.pid!, postgresPid);
  const result = await work();
  const cpu = perAnswer(before, await cpuSoFar(server.process.pid!, postgresPid), result.allAnswers);
  if (result.failures.size > 0)
    throw new Error(`${name}: answers other than 200: ${JSON.stringify([...result.failures])}`);
  const { latencies, answersPerSecond: rate } = result;
  return { ...cpu, rate, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

export function middle(rounds: readonly Figures[]): Figures {
  const of = (key: keyof Figures): number => median(rounds.map((round) => round[key]));
  const cpu = { mainThread: of('mainThread'), process: of('process'), postgres: of('postgres'), load: of('load') };
  return { ...cpu, rate: of('rate'), p50: of('p50'), p99: of('p99') };
}

export function lineOf({ name, processes, floor, rekey, ratio }: Row): string {
  const title = processes === 1 ? name : `${name}, ${processes} processes`;
  const cpu = ({ mainThread, process, postgres, load: ofLoad }: Figures): string =>
    [mainThread, process, postgres, ofLoad].map(Math.round).join(' / ');
  const ms = (key: 'p50' | 'p99'): string => `${floor[key].toFixed(1)} / ${rekey[key].toFixed(1)} ms`;
  const cells = [title, Math.round(floor.rate), Math.round(rekey.rate), ratio.toFixed(2), cpu(floor), cpu(rekey)];
  return `| ${[...cells, ms('p50'), ms('p99')].join(' | ')} |`;
}
