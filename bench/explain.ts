import pg from 'pg';
import { randomUUID } from 'node:crypto';
import { PostgresServer } from '../test/support/postgres-server.js';
import { rotationSql } from '../src/refresh/rotation-sql.js';
import { prepareRekey, CLIENT_ID } from './prepare.js';
const server = await PostgresServer.start();
try {
  const databaseUrl = await server.createDatabase('rekey');
  Object.assign(process.env, { DATABASE_URL: databaseUrl, REKEY_SECRET: 'bench-master-key-0123456789-abcdefghijkl' });
  await prepareRekey(64);
  const c = new pg.Client({ connectionString: databaseUrl });
  await c.connect();
  const sql = rotationSql({ audit: true, skipLocked: true });
  const variants: [string, string][] = [['audit', sql], ['no audit', rotationSql({ audit: false, skipLocked: true })]];
  for (let i = 0; i < 300; i++) {
    for (const [name, text] of variants) {
      const { rows } = await c.query('select id, generation from token_families');
      const values = [rows.map((r) => r.id), rows.map((r) => r.generation), rows.map(() => CLIENT_ID), rows.map(() => null), rows.map(() => randomUUID()), new Date()];
      const t = performance.now();
      const r = await c.query({ name, text, values });
      if (i % 50 === 0) console.log(i, name, r.rowCount, (performance.now() - t).toFixed(1), 'ms');
    }
  }
  const { rows } = await c.query('select id, generation from token_families');
  const values = [rows.map((r) => r.id), rows.map((r) => r.generation), rows.map(() => CLIENT_ID), rows.map(() => null), rows.map(() => randomUUID()), new Date()];
  await c.query('set plan_cache_mode = force_generic_plan');
  const plan = await c.query('explain (analyze, buffers, wal) ' + sql, values);
  console.log(plan.rows.map((r) => r['QUERY PLAN']).join('\n'));
  await c.end();
} finally {
  await server.stop();
}
process.exit(0);
