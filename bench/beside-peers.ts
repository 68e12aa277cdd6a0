/**
 * `npm run bench:peers`: refreshes of other authorization servers on the same PostgreSQL, in alternating rounds with the floor and
 * Rekey, and what sixteen identical refreshes at once leave a user with. `--save` writes docs/peers.json and its chart as well.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresServer } from '../test/support/postgres-server.js';
import { RedisServer } from '../test/support/redis-server.js';
import { chart } from './chart.js';
import { measure, middle, type Figures } from './compare.js';
import { Connection } from './load.js';
import { CLIENT_ID, prepareFloor, prepareRekey } from './prepare.js';
import { machine } from './report.js';
import { field, refreshing, refreshRequest } from './sessions.js';
import { MASTER_KEY, ROOT, SECRET, running, startFloor, startRekey, type Running } from './servers.js';

const SESSIONS = 64;
const BURST = 16;
const BURSTS = 20;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 2);

/** By file in bench/peers. */
const PEERS = { 'oidc-provider': 'node-oidc-provider', 'better-auth': 'better-auth' };

interface Contender {
  readonly name: string;
  readonly server: Running;
  readonly path: string;
  readonly tokens: string[];
}

interface Result extends Figures {
  readonly name: string;
  /** Of sixteen: how many were answered 200, at least and at most. */
  readonly answered: readonly [number, number];
  /** After how many of the bursts one of the answered tokens still works. */
  readonly alive: number;
}

const postgres = await PostgresServer.start();
const redis = await RedisServer.start();
const contenders: Contender[] = [];
try {
  await startAll();
  const results = await compareAll();
  report(results);
  if (process.argv.includes('--save')) await save(results);
} finally {
  await Promise.all(contenders.map(({ server }) => server.stop()));
  await redis.stop();
  await postgres.stop();
}

async function startAll(): Promise<void> {
  const count = SESSIONS + BURSTS;
  const databaseUrl = await postgres.createDatabase('bench');
  const environment = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url };
  Object.assign(process.env, environment, { REKEY_SECRET: MASTER_KEY });
  const floorTokens = await prepareFloor(databaseUrl, count);
  const tokens = await prepareRekey(count);
  const floor = await startFloor(databaseUrl, redis.url);
  contenders.push({ name: 'floor', server: floor, path: '/refresh', tokens: floorTokens });
  contenders.push({ name: 'Rekey', server: await startRekey(environment), path: '/token', tokens });
  for (const [file, name] of Object.entries(PEERS)) contenders.push(await startPeer(file, name, count));
}

async function startPeer(file: string, name: string, count: number): Promise<Contender> {
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    DATABASE_URL: await postgres.createDatabase(file.replace('-', '_')),
    CLIENT_ID,
    CLIENT_SECRET: SECRET,
    SESSIONS: String(count),
  };
  const child = fork(join(ROOT, 'bench/peers', `${file}.mjs`), { env, execArgv: [], silent: true });
  child.stderr?.resume();
  child.stdout?.resume();
  const [{ url, path, tokens }] = (await once(child, 'message')) as [{ url: string; path: string; tokens: string[] }];
  return { name, server: running(url, child), path, tokens };
}

async function compareAll(): Promise<Result[]> {
  const rounds = contenders.map(() => [] as Figures[]);
  const sessions = contenders.map(({ path, tokens }) =>
    tokens.slice(0, SESSIONS).map((token) => refreshing(path, token)),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { name, server }] of contenders.entries()) {
      rounds[index]!.push(await measure(name, { server, sessions: sessions[index]! }, postgres.pid, SECONDS));
    }
  }
  const results: Result[] = [];
  for (const [index, contender] of contenders.entries()) {
    results.push({ name: contender.name, ...middle(rounds[index]!), ...(await burst(contender)) });
  }
  return results;
}

async function burst({ server, path, tokens }: Contender): Promise<Pick<Result, 'answered' | 'alive'>> {
  const connections = await Promise.all(Array.from({ length: BURST }, () => Connection.open(server.url)));
  const answered: number[] = [];
  let alive = 0;
  for (const token of tokens.slice(SESSIONS)) {
    const answers = await Promise.all(connections.map((connection) => connection.ask(refreshRequest(path, token))));
    const successors = answers.flatMap(({ status, body }) => (status === 200 ? [field(body, 'refresh_token')] : []));
    answered.push(successors.length);
    let works = false;
    for (const successor of new Set(successors)) {
      works ||= (await connections[0]!.ask(refreshRequest(path, successor))).status === 200;
    }
    alive += Number(works);
  }
  connections.forEach((connection) => connection.close());
  return { answered: [Math.min(...answered), Math.max(...answered)], alive };
}

function report(results: readonly Result[]): void {
  const rekey = results.find(({ name }) => name === 'Rekey')!;
  console.log(`${machine()}. ${SESSIONS} sessions, ${ROUNDS} alternating rounds of ${SECONDS} s, medians.\n`);
  console.log(
    `| | refreshes /s | Rekey is | service CPU | PostgreSQL CPU | p50 | p99 | of ${BURST} at once answered | session lives |`,
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const { name, rate, process: cpu, postgres: database, p50, p99, answered, alive } of results) {
    const times = `${(rekey.rate / rate).toFixed(1)} ×`;
    const cells = [name, Math.round(rate), times, `${Math.round(cpu)} µs`, `${Math.round(database)} µs`];
    const [least, most] = answered;
    const answers = least === most ? least : `${least} to ${most}`;
    console.log(
      `| ${[...cells, `${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`, answers, `${alive} of ${BURSTS}`].join(' | ')} |`,
    );
  }
}

async function save(results: readonly Result[]): Promise<void> {
  const text = JSON.stringify({ machine: machine(), results }, undefined, 2);
  await writeFile(join(ROOT, 'docs/peers.json'), `${text}\n`);
  const bars = results.map(({ name, rate }) => ({ name, values: [rate] }));
  await writeFile(join(ROOT, 'docs/images/peers.svg'), chart(['refreshes'], bars, machine()));
}
