/**
 * `npm run bench`, or `npm run bench -- refresh` for one part: the figures of docs/benchmark.md, each with the floor of the
 * same run. Rounds of floor and Rekey alternate, and medians are compared, because no machine is quiet; ratios are more
 * reliable than rates. `--save` writes docs/benchmark.json and its chart as well.
 *
 * Starts its own PostgreSQL (default durability) and Redis from the Debian packages, and stops them.
 */
import { availableParallelism } from 'node:os';
import { PostgresServer } from '../test/support/postgres-server.js';
import { RedisServer } from '../test/support/redis-server.js';
import { measureBursts } from './bursts.js';
import { lineOf, TABLE_HEAD, type Row } from './compare.js';
import { measureEmbedded } from './embedded.js';
import type { Session } from './load.js';
import { prepareFloor, prepareRekey, prepareUsers } from './prepare.js';
import * as rates from './rates.js';
import { SESSIONS, type Rig } from './rates.js';
import { machine, save } from './report.js';
import { refreshing } from './sessions.js';
import { MASTER_KEY, startFloor, startRekey } from './servers.js';
import { measureSignIns } from './sign-in.js';
import { measureStorage } from './storage.js';

const SIGNING_IN = 8;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 1.5);

const parts = [
  'refresh',
  'client_credentials',
  'introspection',
  'revocation',
  'codes',
  'sign_in',
  'bursts',
  'storage',
  'embedded',
] as const;
const asked = process.argv.slice(2).filter((word) => word !== '--save');
const unknown = asked.filter((part) => !parts.some((known) => known === part));
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}. The parts: ${parts.join(', ')}.`);
const wants = (part: (typeof parts)[number]): boolean => asked.length === 0 || asked.includes(part);

const rows: Row[] = [];
/** Printed after the table. */
const notes: string[] = [];

const postgres = await PostgresServer.start();
const redis = await RedisServer.start();
try {
  await run(await postgres.createDatabase('bench'), redis.url);
  console.log(`\n${notes.map((note) => `- ${note}`).join('\n')}`);
  if (process.argv.includes('--save')) await save(rows, notes);
} finally {
  await redis.stop();
  await postgres.stop();
}

async function run(databaseUrl: string, redisUrl: string): Promise<void> {
  // The whole load is one caller, which on a fast machine would exceed the limit per caller.
  const limits = { REKEY_INTROSPECTIONS_PER_SECOND: '1000000' };
  const environment = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, ...limits };
  Object.assign(process.env, environment, { REKEY_SECRET: MASTER_KEY });
  const rekeySessions = (await prepareRekey(SESSIONS)).map((token) => refreshing('/token', token));
  const floorSessions = (await prepareFloor(databaseUrl, SESSIONS)).map((token) => refreshing('/refresh', token));
  console.log(`${machine()}. ${SESSIONS} concurrent sessions, ${ROUNDS} alternating rounds of ${SECONDS} s, medians.`);
  console.log('CPU in µs per answer: main threads / whole service / PostgreSQL / load.\n');
  console.log(TABLE_HEAD);
  const all = availableParallelism();
  for (const processes of all > 1 ? [1, all] : [1]) {
    const floor = await startFloor(databaseUrl, redisUrl, processes);
    const rekey = await startRekey({ ...environment, REKEY_PROCESSES: String(processes) });
    const size = { rounds: ROUNDS, seconds: SECONDS, postgresPid: postgres.pid, done };
    try {
      await measureAt({ floor, rekey, floorSessions, rekeySessions, ...size }, environment);
    } finally {
      await floor.stop();
      await rekey.stop();
    }
  }
  if (wants('storage')) await measureStorage(environment, databaseUrl, say);
  if (wants('embedded')) await measureEmbedded(say);
}

async function measureAt(rig: Rig, environment: Record<string, string>): Promise<void> {
  const alone = rig.rekey.processes === 1;
  if (wants('refresh')) await rates.refreshes(rig);
  if (wants('refresh') && alone) {
    const unaudited = await startRekey({ ...environment, REKEY_AUDIT: 'off' });
    await rates.refreshesWithoutAudit(rig, unaudited).finally(() => unaudited.stop());
  }
  if (wants('client_credentials')) await rates.clientCredentials(rig);
  if (wants('introspection')) await rates.introspections(rig);
  if (wants('revocation')) await rates.revocations(rig);
  if (wants('codes')) await rates.codes(rig, say);
  if (wants('sign_in') && alone) await measureSigningIn(rig);
  if (wants('bursts') && alone) await measureBursts(rig.rekey, await prepareRekey(50 * 21), say);
}

async function measureSigningIn({ rekey, seconds }: Rig): Promise<void> {
  const sessions: Session[] = (await prepareRekey(SESSIONS)).map((token) => refreshing('/token', token));
  const beside = await measureSignIns(rekey, sessions, await prepareUsers(SIGNING_IN), { rounds: 3, seconds });
  say(
    `Sign-ins of ${SIGNING_IN} users at once beside ${SESSIONS} refreshing sessions: ${beside.signInsPerSecond.toFixed(1)}/s. ` +
      `Refreshes beside them ${beside.refreshRatio.toFixed(2)} of alone; event-loop delay p99 ` +
      `${beside.loopDelayMs.toFixed(0)} ms (alone ${beside.loopDelayAloneMs.toFixed(0)} ms).`,
  );
}

function done(row: Row): void {
  rows.push(row);
  console.log(lineOf(row));
}

function say(text: string): void {
  notes.push(text.trim());
}
