/**
 * `npm run bench`: the figures of docs/benchmark.md, each with the floor of the same run. Rounds of floor and Rekey alternate, and
 * medians are compared, because no machine is quiet; ratios are more reliable than rates.
 *
 * Starts its own PostgreSQL (default durability) and Redis from the Debian packages, and stops them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../test/support/postgres-server.js';
import { RedisServer } from '../test/support/redis-server.js';
import { measureBursts } from './bursts.js';
import { load, median, percentile, type Session } from './load.js';
import { prepareCodes, prepareFloor, prepareRekey, prepareUsers } from './prepare.js';
import { asking, field, refreshing } from './sessions.js';
import { cpuMicroseconds, MASTER_KEY, residentMegabytes, startFloor, startRekey, type Running } from './servers.js';
import { measureCodes, measureSignIns } from './sign-in.js';
import { measureStorage } from './storage.js';

const SESSIONS = 64;
const CODES = 4000;
const SIGNING_IN = 8;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 5);

interface Side {
  readonly server: Running;
  readonly sessions: readonly Session[];
}

const postgres = await PostgresServer.start();
const redis = await RedisServer.start();
try {
  await run(await postgres.createDatabase('bench'), redis.url);
} finally {
  await redis.stop();
  await postgres.stop();
}

async function run(databaseUrl: string, redisUrl: string): Promise<void> {
  // The whole load is one caller, which on a fast machine would exceed the limit per caller.
  const limits = { REKEY_INTROSPECTIONS_PER_SECOND: '1000000' };
  const environment = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, ...limits };
  Object.assign(process.env, environment, { REKEY_SECRET: MASTER_KEY });
  const refreshTokens = await prepareRekey(SESSIONS);
  const floorTokens = await prepareFloor(databaseUrl, SESSIONS);
  const floor = await startFloor(databaseUrl, redisUrl);
  const rekey = await startRekey(environment);
  try {
    say(
      `${SESSIONS} concurrent sessions, ${ROUNDS} alternating rounds of ${SECONDS} s, medians. Node ${process.version}.\n`,
    );
    say('| | floor /s | Rekey /s | ratio | Rekey CPU | p50 | p99 |\n|---|---|---|---|---|---|---|');
    await compare(
      'refresh (audit on, logs on)',
      { server: floor, sessions: floorTokens.map((token) => refreshing('/refresh', token)) },
      {
        server: rekey,
        sessions: refreshTokens.map((token) => refreshing('/token', token)),
      },
    );
    await compare(
      'client_credentials',
      all(floor, asking('/client-credentials', 'grant_type=client_credentials')),
      all(rekey, asking('/token', 'grant_type=client_credentials')),
    );
    const token = await accessToken(rekey);
    await compare(
      'introspection (Redis)',
      all(floor, asking('/introspect', `token=${floor.token}`)),
      all(rekey, asking('/introspect', `token=${token}`)),
    );
    await measurePeople(
      rekey,
      (await prepareRekey(SESSIONS)).map((refreshToken) => refreshing('/token', refreshToken)),
    );
    await measureBursts(rekey, await prepareRekey(50 * 21), say);
  } finally {
    await floor.stop();
    await rekey.stop();
  }
  await measureStorage(environment, databaseUrl, say);
  await measureEmbedded();
}

/** Codes and sign-ins. */
async function measurePeople(rekey: Running, refreshes: readonly Session[]): Promise<void> {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rates.push(await measureCodes(rekey, await prepareCodes(CODES)));
  say(`\nCodes redeemed (access, refresh and RS256 ID token): ${Math.round(median(rates))}/s.`);
  const users = await prepareUsers(SIGNING_IN);
  const beside = await measureSignIns(rekey, refreshes, users, { rounds: ROUNDS, seconds: SECONDS });
  say(
    `Sign-ins of ${SIGNING_IN} users at once beside ${SESSIONS} refreshing sessions: ${beside.signInsPerSecond.toFixed(1)}/s. ` +
      `Refreshes beside them ${beside.refreshRatio.toFixed(2)} of alone; event-loop delay p99 ` +
      `${beside.loopDelayMs.toFixed(0)} ms (alone ${beside.loopDelayAloneMs.toFixed(0)} ms).`,
  );
}

function all(server: Running, session: Session): Side {
  return { server, sessions: new Array<Session>(SESSIONS).fill(session) };
}

async function compare(name: string, floor: Side, rekey: Side): Promise<void> {
  const rates: Record<'floor' | 'rekey', number[]> = { floor: [], rekey: [] };
  const [cpu, p50, p99]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.floor.push((await measure(name, floor)).answersPerSecond);
    const before = await cpuMicroseconds(rekey.server.process);
    const result = await measure(name, rekey);
    rates.rekey.push(result.answersPerSecond);
    cpu.push(((await cpuMicroseconds(rekey.server.process)) - before) / result.allAnswers);
    p50.push(percentile(result.latencies, 0.5));
    p99.push(percentile(result.latencies, 0.99));
  }
  const [floorRate, rekeyRate] = [median(rates.floor), median(rates.rekey)];
  say(
    `| ${name} | ${Math.round(floorRate)} | ${Math.round(rekeyRate)} | ${(rekeyRate / floorRate).toFixed(2)} | ` +
      `${Math.round(median(cpu))} µs | ${median(p50).toFixed(1)} ms | ${median(p99).toFixed(1)} ms |`,
  );
}

async function measure(name: string, { server, sessions }: Side) {
  const result = await load(server.url, sessions, SECONDS);
  if (result.failures.size > 0)
    throw new Error(`${name}: answers other than 200: ${JSON.stringify([...result.failures])}`);
  return result;
}

async function accessToken(rekey: Running): Promise<string> {
  let answer = '';
  const session = asking('/token', 'grant_type=client_credentials');
  await load(rekey.url, [(previous) => ((answer = previous?.body ?? answer), session(previous))], 0.1);
  return field(answer, 'access_token');
}

/** From the start of the process to the first answer, on an existing data directory. */
async function measureEmbedded(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-bench-'));
  try {
    await (await startRekey({ REKEY_DATA_DIR: directory })).stop();
    const times: number[] = [];
    let megabytes = 0;
    for (let boot = 0; boot < 3; boot += 1) {
      const from = performance.now();
      const rekey = await startRekey({ REKEY_DATA_DIR: directory });
      times.push(performance.now() - from);
      megabytes = await residentMegabytes(rekey.process);
      await rekey.stop();
    }
    say(
      `\nEmbedded, later boots: ${(median(times) / 1000).toFixed(1)} s to the first answer; ${megabytes} MB resident at idle.`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function say(text: string): void {
  console.log(text);
}
