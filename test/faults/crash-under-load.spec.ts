/** Sessions that refresh continuously while PostgreSQL, a replica or one of its processes is killed: none is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { beginFamilies, registerClient, type Address } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh } from '../support/requests.js';
import { Session } from '../support/session.js';

const SESSIONS = 64;

let deployment: Deployment;
let replicas: RekeyProcess[];
let client: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  replicas = [await deployment.replica(), await deployment.replica()];
  client = await registerClient(replicas[0]!);
});
afterAll(() => deployment.stop());

/** Runs sessions, and the failures meanwhile. @param at the replica for each attempt of a session */
async function whileRefreshing(
  at: (session: number, attempt: number) => Address,
  befall: (progress: () => Promise<void>) => Promise<void>,
): Promise<Session[]> {
  const families = await beginFamilies(replicas[0]!, client, SESSIONS);
  const sessions = families.map((family, index) => new Session(client, family, (attempt) => at(index, attempt)));
  let isOver = false;
  const running = Promise.all(sessions.map((session) => session.run(() => isOver)));
  /** Until every session has refreshed twice more. */
  const progress = async () => {
    const goals = sessions.map(({ refreshes }) => refreshes + 2);
    const giveUpAt = performance.now() + 30_000;
    while (sessions.some((session, index) => session.refreshes < goals[index]! && !session.refusal)) {
      if (performance.now() > giveUpAt) throw new Error('There are sessions that do not get on');
      await sleep(20);
    }
  };
  try {
    await progress();
    await befall(progress);
    await progress();
  } finally {
    isOver = true;
    await running;
  }
  return sessions;
}

/** Expects that each session continues: one valid token, an invalid predecessor, and no reuse detected. */
async function expectNoneLost(sessions: Session[], at: Address): Promise<void> {
  expect(sessions.map(({ refusal }) => refusal?.text)).toEqual(sessions.map(() => undefined));
  // A session may have missed its last answer, and so be one generation behind: a retry gets it.
  await Promise.all(sessions.map((session) => session.attempt(at)));
  const rows = await deployment.query<{ family_id: string; generation: number; revoked: boolean }>(
    'SELECT family_id, generation, revoked_at IS NOT NULL AS revoked FROM token_families WHERE family_id = ANY($1)',
    [sessions.map(({ family }) => family.familyId)],
  );
  const byFamily = new Map(rows.map((row) => [row.family_id, row]));
  for (const { family, refreshes, refreshToken, spent } of sessions) {
    expect(byFamily.get(family.familyId)).toEqual({
      family_id: family.familyId,
      generation: refreshes,
      revoked: false,
    });
    expect((await introspect(at, client, refreshToken)).body.active).toBe(true);
    expect((await introspect(at, client, spent!)).body.active).toBe(false);
  }
  const after = await Promise.all(sessions.map(({ refreshToken }) => refresh(at, client, refreshToken)));
  expect(after.map(({ status }) => status)).toEqual(sessions.map(() => 200));
  expect(await deployment.query(`SELECT 1 FROM audit_events WHERE event = 'refresh.reused'`)).toEqual([]);
}

it('PostgreSQL is killed repeatedly: every session continues with its token', async () => {
  const sessions = await whileRefreshing(
    (session) => replicas[session % 2]!,
    async (progress) => {
      for (let round = 0; round < 2; round++) {
        await deployment.postgres.kill();
        await sleep(200);
        await deployment.postgres.restart();
        await progress();
      }
    },
  );
  expect(sessions.some(({ failures }) => failures > 0)).toBe(true);
  await expectNoneLost(sessions, replicas[0]!);
});

it('[137] [138] one of two replicas is killed repeatedly: every session continues with its token at the other', async () => {
  const sessions = await whileRefreshing(
    (session, attempt) => replicas[(session + attempt) % 2]!,
    async (progress) => {
      for (let round = 0; round < 2; round++) {
        await replicas[1]!.kill();
        await progress();
        replicas[1] = await deployment.again(replicas[1]!);
        await progress();
      }
    },
  );
  expect(sessions.some(({ failures }) => failures > 0)).toBe(true);
  await expectNoneLost(sessions, replicas[1]!);
});

it('[137] [138] the processes of a replica are killed one by one and all at once: every session continues with its token', async () => {
  const rekey = await deployment.replica({ env: { REKEY_PROCESSES: '2' } });
  const killed = new Set<number>();
  const kill = (pids: number[]) => pids.forEach((pid) => void (killed.add(pid), process.kill(pid, 'SIGKILL')));
  await eventually(() => expect(rekey.output).toMatch(/"msg":"ready".*"processes":2/));
  const sessions = await whileRefreshing(
    () => rekey,
    async (progress) => {
      for (let round = 0; round < 2; round++) {
        kill(rekey.workers.slice(0, 1));
        await progress();
      }
      kill(rekey.workers);
      await progress();
    },
  );
  expect(killed.size).toBeGreaterThanOrEqual(3);
  expect(rekey.workers.filter((pid) => killed.has(pid))).toEqual([]);
  expect(sessions.some(({ failures }) => failures > 0)).toBe(true);
  await expectNoneLost(sessions, rekey);
  expect(rekey.output.match(/"msg":"a process ended and is replaced"/g)).toHaveLength(killed.size);
});
