/** The disk space of further refreshes of a family without auditing: none. */
import pg from 'pg';
import { load } from './load.js';
import { prepareRekey } from './prepare.js';
import { startRekey } from './servers.js';
import { refreshing } from './sessions.js';

const SECONDS = 3;

interface TableState {
  readonly bytes: number;
  readonly updates: number;
  readonly hotUpdates: number;
}

export async function measureStorage(
  environment: Record<string, string>,
  databaseUrl: string,
  say: (text: string) => void,
): Promise<void> {
  const sessions = (await prepareRekey(64)).map((token) => refreshing('/token', token));
  const rekey = await startRekey({ ...environment, REKEY_AUDIT: 'off' });
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    await load(rekey.url, sessions, SECONDS); // the pages find their shape
    const before = await state(database);
    const { answers } = await load(rekey.url, sessions, SECONDS);
    const after = await state(database);
    const [updates, hot] = [after.updates - before.updates, after.hotUpdates - before.hotUpdates];
    say(
      `Storage, audit off: ${answers} further refreshes, ${after.bytes - before.bytes} bytes more after vacuum; ` +
        `${((100 * hot) / updates).toFixed(2)} % of ${updates} updates HOT.`,
    );
  } finally {
    await database.end();
    await rekey.stop();
  }
}

async function state(database: pg.Client): Promise<TableState> {
  await new Promise((resolve) => setTimeout(resolve, 1500)); // the statistics arrive a second late
  await database.query('VACUUM token_families');
  await database.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await database.query<{ bytes: string; updates: string; hot: string }>(
    `SELECT pg_total_relation_size('token_families') AS bytes, n_tup_upd AS updates, n_tup_hot_upd AS hot
     FROM pg_stat_user_tables WHERE relname = 'token_families'`,
  );
  const [row] = rows;
  return { bytes: Number(row?.bytes), updates: Number(row?.updates), hotUpdates: Number(row?.hot) };
}
