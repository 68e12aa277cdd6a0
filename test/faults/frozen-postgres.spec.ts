/** A PostgreSQL that was frozen for longer than the grace period. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Deployment } from '../support/deployment.js';
import { beginFamily, registerClient } from '../support/provision.js';
import { refresh } from '../support/requests.js';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start();
});
afterAll(() => deployment.stop());

it('[127] a refresh that answered 503 and was committed late can be retried: the grace period begins at the commit', async () => {
  const rekey = await deployment.replica();
  const client = await registerClient(rekey, { refresh: { retry_window_seconds: 5 } });
  const { refreshToken } = await beginFamily(rekey, client);
  await refresh(rekey, client, 'x'); // caches the client
  deployment.postgres.pause();
  expect((await refresh(rekey, client, refreshToken)).status).toBe(503);
  await sleep(7000);
  deployment.postgres.resume();
  await sleep(300); // PostgreSQL reads the statement from its socket and commits it, although the connection is closed
  expect((await refresh(rekey, client, refreshToken)).status).toBe(200);
});
