/** Cleanup of large tables, by two replicas at once, and while it fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { Chores } from '../../src/cleanup/chores.service.js';
import { CleanupWorker } from '../../src/cleanup/cleanup.worker.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Clock } from '../../src/platform/time/clock.js';
import { ProcessGroup } from '../../src/platform/processes/process-group.service.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { freshDatabase } from '../support/test-servers.js';

const DEAD_FAMILIES = 20_000;
const DAY = `interval '1 day'`;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let one: TestApp;
let other: TestApp;
let client: TestClient;

beforeAll(async () => {
  database = await freshDatabase();
  one = await startApp({ environment: { DATABASE_URL: database.url } });
  other = await startApp({ environment: { DATABASE_URL: database.url }, clock: one.clock });
  client = await confidentialClient(one);
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await database.release();
});
afterEach(() => void jest.restoreAllMocks());

const query = async <Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []): Promise<Row[]> => {
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  try {
    return (await connection.query<Row>(statement, values)).rows;
  } finally {
    await connection.end();
  }
};

const count = async (table: string): Promise<number> =>
  (await query<{ count: number }>(`SELECT count(*)::int FROM ${table}`))[0]!.count;

/** Families that expired this many days ago. */
const insertFamilies = (families: number, deadForDays: number) =>
  query(
    `INSERT INTO token_families (id, family_id, client_id, subject, scope, generation, rotated_at, created_at, last_used_at, idle_expires_at, absolute_expires_at)
     SELECT gen_random_uuid(), gen_random_uuid(), $1, 'u' || n, '{a}', 0, '{}', at - 60 * ${DAY}, at - 30 * ${DAY}, at, at + 300 * ${DAY}
     FROM generate_series(1, $2::int) n, (SELECT $3::timestamptz AS at) AS dead`,
    [client.clientId, families, new Date(one.clock.now() - deadForDays * 86_400_000)],
  );

const metric = async ({ nest }: TestApp, line: string): Promise<number> => {
  const text = await nest.get(Metrics, { strict: false }).registry.metrics();
  return Number(
    text
      .split('\n')
      .find((other) => other.startsWith(`${line} `))
      ?.split(' ')[1] ?? NaN,
  );
};

it('[284] two replicas clean up at once in short statements, and no request is affected', async () => {
  await insertFamilies(DEAD_FAMILIES, 31);
  await insertFamilies(100, 29); // expired, but not long enough ago
  const longAgo = new Date(one.clock.now() - 500 * 86_400_000);
  await query('DELETE FROM audit_events'); // the oldest come first
  await query(`INSERT INTO audit_events (at, event) SELECT $1, 'refresh.refused' FROM generate_series(1, 3000)`, [
    longAgo,
  ]);
  await query(
    `INSERT INTO revocations (id, kind, value, not_before, expires_at, reason, actor)
     SELECT gen_random_uuid(), 'family', n::text, $1, $1, 'test', 'test' FROM generate_series(1, 3000) n`,
    [longAgo],
  );
  const families = await Promise.all(Array.from({ length: 20 }, () => startFamily(one, client)));
  const tokens = families.map(({ refreshToken }) => refreshToken);
  const cleanedBefore = await count('token_families');

  let isOver = false;
  const refreshing = Promise.all(
    tokens.map(async (_, index) => {
      while (!isOver) {
        const answer = await refresh(index % 2 === 0 ? one : other, client, tokens[index]!);
        expect(answer.status).toBe(200);
        tokens[index] = answer.body.refresh_token;
        await sleep(100);
      }
    }),
  );
  const watching = (async () => {
    let longestMs = 0;
    while (!isOver) {
      const [row] = await query<{ ms: number }>(
        `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float8 * 1000 AS ms
         FROM pg_stat_activity WHERE application_name = 'rekey' AND state = 'active'`,
      );
      longestMs = Math.max(longestMs, row!.ms);
      await sleep(20);
    }
    return longestMs;
  })();
  try {
    await Promise.all([one, other].map(({ nest }) => nest.get(CleanupWorker, { strict: false }).clean()));
  } finally {
    isOver = true;
  }
  await refreshing;
  expect(await watching).toBeLessThan(1000);

  // Rows locked by one replica were left by the other for the next round.
  await one.nest.get(CleanupWorker, { strict: false }).clean();
  expect(cleanedBefore).toBe(DEAD_FAMILIES + 120);
  expect(await count('token_families')).toBe(120);
  expect(await query('SELECT 1 FROM revocations')).toEqual([]);
  expect(await query('SELECT 1 FROM audit_events WHERE at <= $1', [longAgo])).toEqual([]);
  const cleaned = 'rekey_cleanup_rows_total{table="token_families"}';
  expect((await metric(one, cleaned)) + (await metric(other, cleaned))).toBe(DEAD_FAMILIES);
  expect(await query('SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()')).toEqual([
    { deadlocks: 0 },
  ]);
  const after = await Promise.all(tokens.map((token) => refresh(one, client, token)));
  expect(after.map(({ status }) => status)).toEqual(tokens.map(() => 200));
});

it('[285] a failed round is counted, and retried with increasing delays until one succeeds', async () => {
  await insertFamilies(10, 31);
  const rounds = laterTimers();
  const { nest } = one;
  const get = <T>(type: new (...args: never[]) => T): T => nest.get(type, { strict: false });
  const worker = new CleanupWorker(
    get(Chores),
    get(Metrics),
    nest.get<Clock>(Clock, { strict: false }),
    get(ProcessGroup),
  );
  const failures = () => metric(one, 'rekey_cleanup_failures_total');
  const runLast = async () => {
    const before = rounds.length;
    rounds.at(-1)!.run();
    await eventually(() => expect(rounds).toHaveLength(before + 1));
  };
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE token_families IN ACCESS EXCLUSIVE MODE');
    worker.onApplicationBootstrap();
    await runLast();
    expect(await failures()).toBe(1);
    await runLast();
    expect(await failures()).toBe(2);
    await holder.query('ROLLBACK');
    await runLast();
  } finally {
    await holder.end();
    await worker.onApplicationShutdown();
  }
  expect(await failures()).toBe(2);
  expect(
    await count(
      `token_families WHERE idle_expires_at < '${new Date(one.clock.now() - 30 * 86_400_000).toISOString()}'`,
    ),
  ).toBe(0);
  expect(rounds.map(({ delayMinutes }) => delayMinutes)).toEqual([0.5, 20, 40, 10]);
});

/** Timers of half a minute or more wait for the test; shorter ones run normally. */
function laterTimers(): { readonly delayMinutes: number; readonly run: () => void }[] {
  const later: { delayMinutes: number; run: () => void }[] = [];
  const real = globalThis.setTimeout;
  const recorded = (run: () => void, delayMs = 0, ...rest: never[]) => {
    if (delayMs < 30_000) return (real as (...all: unknown[]) => unknown)(run, delayMs, ...rest);
    later.push({ delayMinutes: delayMs / 60_000, run });
    return real(() => undefined, 0);
  };
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(recorded as unknown as typeof setTimeout);
  return later;
}
