/** SIGTERM under load: open requests are answered, and then the process exits. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestClient, TestFamily } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { beginFamilies, registerClient, type Address } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { basic, refresh } from '../support/requests.js';

const LANES = 20;
const PACE_MS = 100;

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
  client = await registerClient(rekey);
});
afterAll(() => deployment.stop());

interface Outcome {
  readonly startedAt: number;
  /** The answer, or the failure. */
  readonly status: number | string;
  readonly refreshToken?: string;
}

/** Sends requests on a kept-alive connection. */
function refreshOn(agent: Agent, { url }: Address, refreshToken: string): Promise<Outcome> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString();
    const headers = {
      ...basic(client),
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': form.length,
    };
    const asked = request(`${url}/token`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', (error: NodeJS.ErrnoException) => resolve({ startedAt, status: `cut off: ${error.code}` }));
      response.on('end', () =>
        resolve({ startedAt, status: response.statusCode ?? 0, refreshToken: JSON.parse(text).refresh_token }),
      );
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ startedAt, status: `${error.code}${asked.reusedSocket ? ' on a kept connection' : ''}` }),
    );
    asked.end(form);
  });
}

it('[292] no request under way is lost in a drain, and the process exits with 0', async () => {
  const families = await beginFamilies(rekey, client, LANES + 2);
  const [slow, quick] = [families.slice(0, 2), families.slice(2)];
  const holder = await deployment.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM token_families WHERE family_id = ANY($1) FOR UPDATE', [
    slow.map(({ familyId }) => familyId),
  ]);

  const agent = new Agent({ keepAlive: true });
  const outcomes: Outcome[] = [];
  const tokens = quick.map(({ refreshToken }) => refreshToken);
  const answered = quick.map(() => 0);
  const lane = async (_: TestFamily, index: number) => {
    await sleep((index * PACE_MS) / LANES);
    for (;;) {
      const outcome = await refreshOn(agent, rekey, tokens[index]!);
      outcomes.push(outcome);
      if (outcome.status === 'ECONNREFUSED') return;
      if (outcome.refreshToken !== undefined) {
        tokens[index] = outcome.refreshToken;
        answered[index]!++;
      }
      await sleep(PACE_MS);
    }
  };
  const lanes = quick.map(lane);
  await eventually(() => expect(outcomes.length).toBeGreaterThan(200));
  const held = slow.map(({ refreshToken }) => refreshOn(agent, rekey, refreshToken));
  await eventually(async () =>
    expect(await deployment.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).toHaveLength(
      slow.length,
    ),
  );
  const toldAt = performance.now();
  const ended = rekey.stop();
  await sleep(100);
  await holder.query('ROLLBACK');
  await holder.end();

  expect(await ended).toEqual({ code: 0, signal: null });
  const tookMs = performance.now() - toldAt;
  await Promise.all(lanes);
  agent.destroy();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual(slow.map(() => 200));
  expect(tookMs).toBeLessThan(30_000);
  expect(outcomes.filter(({ status }) => status === 200).length).toBeGreaterThan(150);
  // Requests during the shutdown were not accepted, or met a closing connection: never half a response, never a 5xx.
  const others = outcomes.filter(({ status }) => status !== 200);
  expect(others.filter(({ status }) => !/^(ECONNREFUSED|ECONNRESET|EPIPE)/.test(String(status)))).toEqual([]);
  expect(others.filter(({ startedAt }) => startedAt < toldAt - 250)).toEqual([]);
  // Every request that was processed got its response.
  const rows = await deployment.query<{ family_id: string; generation: number }>(
    'SELECT family_id, generation FROM token_families',
  );
  const generations = new Map(rows.map(({ family_id, generation }) => [family_id, generation]));
  expect(quick.map(({ familyId }) => generations.get(familyId))).toEqual(answered);
  rekey = await deployment.again(rekey);
  const again = await Promise.all(tokens.map((token) => refresh(rekey, client, token)));
  expect(again.map(({ status }) => status)).toEqual(tokens.map(() => 200));
});
