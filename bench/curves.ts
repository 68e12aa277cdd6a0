/**
 * `npm run bench:curves`, or `npm run bench:curves -- 10000 1000000 10000000`: what grows with the number of families. Each size
 * has its own database; rounds alternate between them, with requests spread over 20,000 families of each. In the largest, a
 * cleanup and a revocation of 100,000 families run beside the load.
 *
 * Ten million families take about 15 GB of disk, in the directory for temporary files.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { AppModule } from '../src/app.module.js';
import { CleanupWorker } from '../src/cleanup/cleanup.worker.js';
import { KeyRing } from '../src/keys/key-ring.service.js';
import { RevocationService } from '../src/revocation/revocation.service.js';
import { PostgresServer } from '../test/support/postgres-server.js';
import { RedisServer } from '../test/support/redis-server.js';
import { measure, middle, type Figures } from './compare.js';
import { load, percentile, type Session } from './load.js';
import { CLIENT_ID, prepareRekey } from './prepare.js';
import { machine } from './report.js';
import { seedFamilies, tokensOf } from './seed.js';
import { field, refreshRequest } from './sessions.js';
import { MASTER_KEY, startRekey, type Running } from './servers.js';

const SESSIONS = 64;
const FAMILIES_USED = 20_000;
const BULK = 100_000;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 3);
const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(10_000, 1_000_000);

interface Site {
  readonly families: number;
  readonly database: pg.Client;
  readonly rekey: Running;
  readonly sessions: readonly Session[];
  readonly rounds: Figures[];
}

const postgres = await PostgresServer.start();
const redis = await RedisServer.start();
const sites: Site[] = [];
try {
  await run();
} finally {
  for (const { database, rekey } of sites) {
    await database.end();
    await rekey.stop();
  }
  await redis.stop();
  await postgres.stop();
}

async function run(): Promise<void> {
  const largest = Math.max(...sizes);
  // The application's context in this process goes by the environment: it is of the largest.
  const template = await postgres.createDatabase('largest');
  const environment = { DATABASE_URL: template, REDIS_URL: redis.url };
  Object.assign(process.env, environment, { REKEY_SECRET: MASTER_KEY });
  await prepareRekey(1);
  for (const families of sizes) sites.push(await build(families, families === largest));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { rekey, sessions, rounds } of sites) {
      rounds.push(await measure('refresh', { server: rekey, sessions }, postgres.pid, SECONDS));
    }
  }
  console.log(`${machine()}. ${SESSIONS} sessions, ${ROUNDS} alternating rounds of ${SECONDS} s, medians.\n`);
  console.log(
    '| families | refreshes /s | p50 | p99 | PostgreSQL CPU | bytes per family | of it indexes |\n|---|---|---|---|---|---|---|',
  );
  for (const site of sites) console.log(await lineOf(site));
  await besideLoad(sites.find(({ families }) => families === largest)!);
}

async function build(families: number, isLargest: boolean): Promise<Site> {
  const name = isLargest ? 'largest' : `families_${families}`;
  const admin = await connect(postgres.url);
  if (!isLargest) await admin.query(`CREATE DATABASE ${name} TEMPLATE largest`);
  await admin.end();
  const url = postgres.url.replace(/postgres$/, name);
  const rekey = await startRekey({ DATABASE_URL: url, REDIS_URL: redis.url });
  const database = await connect(url);
  await seedFamilies(database, { families });
  await database.query('VACUUM ANALYZE token_families');
  const tokens = await tokensOf(database, Math.min(FAMILIES_USED, families), await tokenKey());
  const sessions = Array.from({ length: SESSIONS }, (_, index) =>
    inTurn(tokens.filter((__, position) => position % SESSIONS === index)),
  );
  return { families, database, rekey, sessions, rounds: [] };
}

/** Refreshes its families one after the other. */
function inTurn(tokens: string[]): Session {
  let [turn, asked] = [0, -1];
  return (previous) => {
    if (previous && asked >= 0) tokens[asked] = field(previous.body, 'refresh_token') || tokens[asked]!;
    asked = turn++ % tokens.length;
    return refreshRequest('/token', tokens[asked]!);
  };
}

async function tokenKey() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const key = app.get(KeyRing, { strict: false }).mintingTokenKey();
  await app.close();
  return key;
}

async function lineOf({ families, database, rounds }: Site): Promise<string> {
  const { rate, p50, p99, postgres: cpu } = middle(rounds);
  const { rows } = await database.query<{ all: string; indexes: string }>(
    `SELECT pg_total_relation_size('token_families') AS all, pg_indexes_size('token_families') AS indexes`,
  );
  const each = [rows[0]!.all, rows[0]!.indexes].map((bytes) => Math.round(Number(bytes) / families));
  const times = [p50, p99].map((ms) => `${ms.toFixed(1)} ms`);
  return `| ${[families, Math.round(rate), ...times, `${Math.round(cpu)} µs`, ...each].join(' | ')} |`;
}

/** Cleanup and revocation as the service does them, from this process. */
async function besideLoad({ database, rekey, sessions, families }: Site): Promise<void> {
  await seedFamilies(database, { families: BULK, deadForDays: 31 });
  await seedFamilies(database, { families: BULK, subject: 'bulk' });
  await database.query('VACUUM ANALYZE token_families');
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const get = <T>(type: new (...args: never[]) => T): T => app.get(type, { strict: false });
  const revoke = () =>
    get(RevocationService).revoke([{ kind: 'subject', value: 'bulk', reason: 'bench', actor: `client:${CLIENT_ID}` }], {
      event: 'revocation.created',
      correlationId: 'bench',
    });
  const works = {
    [`a revocation of ${BULK} families`]: revoke,
    [`cleanup of ${BULK} among ${families + 2 * BULK} families`]: () => get(CleanupWorker).clean(),
  };
  for (const [name, work] of Object.entries(works)) {
    const alone = await load(rekey.url, sessions, SECONDS);
    let isOver = false;
    const from = performance.now();
    const done = work().finally(() => (isOver = true));
    const beside = [];
    do beside.push(await load(rekey.url, sessions, 1));
    while (!isOver);
    await done;
    const seconds = ((performance.now() - from) / 1000).toFixed(0);
    const rate = beside.reduce((sum, { answersPerSecond }) => sum + answersPerSecond, 0) / beside.length;
    const p99 = Math.max(...beside.map(({ latencies }) => percentile(latencies, 0.99)));
    const failed = beside.reduce((sum, { failures }) => sum + [...failures.values()].reduce((a, b) => a + b, 0), 0);
    console.log(
      `- ${name}, ${seconds} s: refreshes beside it ${(rate / alone.answersPerSecond).toFixed(2)} of alone, p99 at most ` +
        `${p99.toFixed(0)} ms (alone ${percentile(alone.latencies, 0.99).toFixed(0)} ms), ${failed} failed.`,
    );
  }
  await app.close();
  const { rows } = await database.query<{ bytes: string }>(
    `SELECT pg_total_relation_size('audit_events') / greatest(count(*), 1) AS bytes FROM audit_events`,
  );
  console.log(`- An audit event takes ${rows[0]!.bytes} bytes with its indexes.`);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
