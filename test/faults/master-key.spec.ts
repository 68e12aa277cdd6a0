/** The master key is changed while replicas with the old one and the new one run, start, and are killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asAdmin, beginFamily, registerClient } from '../support/provision.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, send } from '../support/requests.js';

const OLD = 'replica-master-key-0123456789-abcdefghijk';
const NEW = 'another-master-key-9876543210-zyxwvutsrqp';

const BOTH = { REKEY_SECRET: NEW, REKEY_SECRET_PREVIOUS: OLD };

let deployment: Deployment;
let old: RekeyProcess;
let changed: RekeyProcess;
let client: TestClient;
let opaque: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  old = await deployment.replica({ env: { REKEY_SECRET: OLD } });
  client = await registerClient(old);
  opaque = await registerClient(old, { access_token_format: 'opaque' });
});
afterAll(() => deployment.stop());

const masterKeys = async (at: RekeyProcess) =>
  (await asAdmin(at, 'GET', '/master-keys')).body.items as { master_key_id: string; current: boolean }[];

/** The one sentence of a start that ended. */
async function startProblem(env: Record<string, string | undefined>): Promise<string> {
  const rekey = await deployment.launchReplica({ env });
  expect(await rekey.exited).toEqual({ code: 1, signal: null });
  return rekey.output;
}

it('a new master key alone does not open the database, and the start says what is missing', async () => {
  expect(await startProblem({ REKEY_SECRET: NEW })).toContain('start with the one before as REKEY_SECRET_PREVIOUS');
  expect(await masterKeys(old)).toHaveLength(1);
});

it('processes that are killed while they add the new master key leave the database open for both', async () => {
  const killed = await Promise.all(Array.from({ length: 6 }, () => deployment.launchReplica({ env: BOTH })));
  await Promise.all(killed.map((rekey, index) => sleep(300 + 150 * index).then(() => rekey.kill())));
  changed = await deployment.replica({ env: BOTH });
  const items = await masterKeys(changed);
  expect(items.map(({ current }) => current)).toEqual([false, true]);
  expect((await masterKeys(old)).map(({ current }) => current)).toEqual([true, false]);
});

describe('while replicas of both kinds run', () => {
  it('refresh tokens, access tokens and client secrets of one are good at the other', async () => {
    const added = await registerClient(changed);
    for (const [made, used] of [
      [old, changed],
      [changed, old],
    ] as const) {
      for (const owner of [client, opaque, added]) {
        const { refreshToken } = await beginFamily(made, owner);
        const first = await refresh(made, owner, refreshToken);
        expect((await introspect(used, owner, first.body.access_token)).body.active).toBe(true);
        const retried = await refresh(used, owner, refreshToken);
        expect(retried.body.refresh_token).toBe(first.body.refresh_token);
        const identities = await Promise.all(
          [first, retried].map(async ({ body }) => (await introspect(made, owner, body.access_token)).body.jti),
        );
        expect(identities[0]).toBe(identities[1]);
        expect((await refresh(used, owner, first.body.refresh_token)).status).toBe(200);
      }
    }
  });

  it('a page of one is accepted by the other, and so is a cursor', async () => {
    const page = await asAdmin(old, 'GET', '/clients?limit=1');
    expect((await asAdmin(changed, 'GET', `/clients?limit=1&cursor=${page.body.next_cursor}`)).body.items).toHaveLength(
      1,
    );
    const keys = await Promise.all([old, changed].map(async ({ url }) => (await send(`${url}/jwks`)).body));
    expect(keys[0]).toEqual(keys[1]);
  });

  it('a replica with the old one restarts', async () => {
    await old.kill();
    old = await deployment.again(old);
    expect(old.isRunning).toBe(true);
  });
});

it('once the old one is retired it opens nothing, and everything else goes on', async () => {
  const { refreshToken } = await beginFamily(old, client);
  const backup = await deployment.query<{ master_key_id: string; box: Buffer }>('SELECT * FROM sealed_root_keys');
  await old.stop();
  changed = await deployment.again((await changed.stop(), changed), { env: { REKEY_SECRET: NEW } });
  const [first] = await masterKeys(changed);
  await asAdmin(changed, 'DELETE', `/master-keys/${first!.master_key_id}`);
  expect(await masterKeys(changed)).toMatchObject([{ current: true }]);
  expect(await startProblem({ REKEY_SECRET: OLD })).toContain('REKEY_SECRET is not the one');
  expect((await refresh(changed, client, refreshToken)).status).toBe(200);

  // A restored backup from before the change knows only the old one.
  await deployment.query('DELETE FROM sealed_root_keys');
  const row = backup.find(({ master_key_id }) => master_key_id === first!.master_key_id)!;
  await deployment.query('INSERT INTO sealed_root_keys VALUES ($1, $2, now(), now())', [row.master_key_id, row.box]);
  expect(await startProblem({ REKEY_SECRET: NEW })).toContain('REKEY_SECRET_PREVIOUS');
  const restored = await deployment.replica({ env: BOTH });
  expect(await masterKeys(restored)).toHaveLength(2);
});
