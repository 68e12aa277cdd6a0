/**
 * `npm run bench`, or `npm run bench -- refresh` for one part: the figures of docs/benchmark.md, each with the floor of the
 * same run. Rounds of floor and Rekey alternate, and medians are compared, because no machine is quiet; ratios are more
 * reliable than rates.
 *
 * Starts its own PostgreSQL (default durability) and Redis from the Debian packages, and stops them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../test/support/postgres-server.js';
import { RedisServer } from '../test/support/redis-server.js';
import { measureBursts } from './bursts.js';
import { compare, TABLE_HEAD, type Side } from './compare.js';
import { load, median, type Session } from './load.js';
import { prepareCodes, prepareFloor, prepareRekey, prepareUsers } from './prepare.js';
import { asking, field, refreshing } from './sessions.js';
import { MASTER_KEY, residentMegabytes, startFloor, startRekey, type Running } from './servers.js';
import { measureCodes, measureSignIns } from './sign-in.js';
import { measureStorage } from './storage.js';

const SESSIONS = 64;
const FEW_SESSIONS = 8;
const CODES = 4000;
const SIGNING_IN = 8;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 5);

const parts = ['refresh', 'client_credentials', 'introspection', 'people', 'bursts', 'storage', 'embedded'] as const;
const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !parts.some((known) => known === part));
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}. The parts: ${parts.join(', ')}.`);
const wants = (part: (typeof parts)[number]): boolean => asked.length === 0 || asked.includes(part);

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
    say(TABLE_HEAD);
    if (wants('refresh')) await compareRefreshes(floor, floorTokens, rekey, refreshTokens);
    if (wants('client_credentials')) {
      const grant = 'grant_type=client_credentials';
      await row(
        'client_credentials',
        all(floor, asking('/client-credentials', grant)),
        all(rekey, asking('/token', grant)),
      );
    }
    if (wants('introspection')) {
      const token = await accessToken(rekey);
      const [asksFloor, asksRekey] = [floor.token, token].map((one) => asking('/introspect', `token=${one}`));
      await row('introspection (Redis)', all(floor, asksFloor!), all(rekey, asksRekey!));
    }
    if (wants('people')) {
      const tokens = await prepareRekey(SESSIONS);
      await measurePeople(
        rekey,
        tokens.map((refreshToken) => refreshing('/token', refreshToken)),
      );
    }
    if (wants('bursts')) await measureBursts(rekey, await prepareRekey(50 * 21), say);
  } finally {
    await floor.stop();
    await rekey.stop();
  }
  if (wants('storage')) await measureStorage(environment, databaseUrl, say);
  if (wants('embedded')) await measureEmbedded();
}

async function row(name: string, floor: Side, rekey: Side): Promise<void> {
  say(await compare(name, floor, rekey, { rounds: ROUNDS, seconds: SECONDS }));
}

/** Audit and logs on. A few sessions show what a refresh takes where nothing waits for the CPU. */
async function compareRefreshes(floor: Running, floorTokens: string[], rekey: Running, tokens: string[]) {
  const floorSessions = floorTokens.map((token) => refreshing('/refresh', token));
  const rekeySessions = tokens.map((token) => refreshing('/token', token));
  for (const count of [SESSIONS, FEW_SESSIONS]) {
    const [ofFloor, ofRekey] = [floorSessions.slice(0, count), rekeySessions.slice(0, count)];
    await row(`refresh, ${count} sessions`, { server: floor, sessions: ofFloor }, { server: rekey, sessions: ofRekey });
  }
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
