/** Revoking very many families is one slow request, not a 503. Tests the size, not the time. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { admin } from '../support/admin.js';
import { confidentialClient, startFamily } from '../support/clients.js';
import { refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { freshDatabase } from '../support/test-servers.js';

const FAMILIES = 150_000;

let database: Awaited<ReturnType<typeof freshDatabase>>;
let app: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  app = await startApp({ environment: { DATABASE_URL: database.url } });
}, 60_000);
afterAll(async () => {
  await app.close();
  await database.release();
}, 60_000);

it('[171] a client with 150,000 families is previewed and revoked, although an ordinary statement would time out', async () => {
  const client = await confidentialClient(app);
  const bystander = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  const other = await startFamily(app, bystander);
  // These statements have the ordinary timeout, so the families are inserted in steps.
  for (let from = 0; from < FAMILIES; from += 10_000) {
    await app.database.query(
      `INSERT INTO token_families (id, family_id, client_id, subject, scope, generation, rotated_at, created_at, last_used_at,
         idle_expires_at, absolute_expires_at)
       SELECT gen_random_uuid(), gen_random_uuid(), client_id, 'mass-' || n, scope, 0, '{}', created_at, last_used_at,
         idle_expires_at, absolute_expires_at
       FROM token_families, generate_series($2::int, $2::int + 9999) n WHERE client_id = $1 AND subject = 'u1'`,
      [client.clientId, from],
    );
  }
  const administrator = await admin(app);
  const request = { kind: 'client', value: client.clientId, reason: 'breach' };
  expect((await administrator.post('/revocations', { ...request, dry_run: true })).body.hits.families).toBe(
    FAMILIES + 1,
  );
  const done = await administrator.post('/revocations', request);
  expect([done.status, done.body.hits.families]).toEqual([201, FAMILIES + 1]);
  expect((await refresh(app, client, refreshToken)).body.error).toBe('invalid_grant');
  expect((await refresh(app, bystander, other.refreshToken)).status).toBe(200);
}, 120_000);
