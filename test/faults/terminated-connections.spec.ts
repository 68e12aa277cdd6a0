/** PostgreSQL repeatedly terminates the connections of a busy service: requests may fail, the process survives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { asAdmin, beginFamilies, registerClient } from '../support/provision.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { refresh, send } from '../support/requests.js';

const TERMINATIONS = 500;
const SESSIONS = 40;
const READERS = 24;

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start();
});
afterAll(() => deployment.stop());

it('the process survives 500 terminated connections under refreshes and admin reads, and no session is lost', async () => {
  const rekey = await deployment.replica();
  let hasExited = false;
  void rekey.exited.then(() => (hasExited = true));
  const client = await registerClient(rekey);
  const families = await beginFamilies(rekey, client, SESSIONS);
  const tokens = families.map(({ refreshToken }) => refreshToken);
  const statuses = new Map<number, number>();
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

  let isOver = false;
  const deadline = Date.now() + 90_000;
  const repeat = async (work: () => Promise<void>) => {
    while (!isOver && !hasExited && Date.now() < deadline) await work();
  };
  const refreshing = tokens.map((_, index) =>
    repeat(async () => {
      const { status, body } = await refresh(rekey, client, tokens[index]!);
      count(status);
      if (status === 200) tokens[index] = body.refresh_token as string;
    }),
  );
  const reading = Array.from({ length: READERS }, () =>
    repeat(async () => void count((await asAdmin(rekey, 'GET', '/families?limit=5')).status)),
  );
  const observer = await deployment.connect();
  let terminated = 0;
  while (terminated < TERMINATIONS && !hasExited && Date.now() < deadline) {
    const { rowCount } = await observer.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'rekey' AND datname = current_database()`,
    );
    terminated += rowCount ?? 0;
    await sleep(20);
  }
  await observer.end();
  isOver = true;
  await Promise.allSettled([...refreshing, ...reading]);

  expect({ hasExited, terminated: terminated >= TERMINATIONS }).toEqual({ hasExited: false, terminated: true });
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  await eventually(async () => expect((await send(`${rekey.url}/health/ready`)).status).toBe(200));
  const answers = await Promise.all(tokens.map((token) => refresh(rekey, client, token)));
  expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
  await rekey.stop();
});
