/** PostgreSQL is killed, frozen, or blocked by another program: 503 in time, nothing consumed, and automatic recovery. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { bearer, accessToken, callAdmin } from '../support/admin.js';
import { expectUnavailable, timed, type Timed } from '../support/availability.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { asAdmin, beginFamilies, beginFamily, registerClient } from '../support/provision.js';
import { FIRST_ADMIN, type RekeyProcess } from '../support/rekey-process.js';
import { introspect, postAs, refresh, revoke, send, type Answer } from '../support/requests.js';
import { Road } from '../support/road.js';

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;
let adminToken: string;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
  client = await registerClient(rekey);
  adminToken = await accessToken(rekey, FIRST_ADMIN);
});
afterAll(() => deployment.stop());

const back = () => eventually(async () => expect((await send(`${rekey.url}/health/ready`)).status).toBe(200));

const generationOf = async (familyId: string): Promise<number> => {
  const rows = await deployment.query<{ generation: number }>(
    'SELECT generation FROM token_families WHERE family_id = $1',
    [familyId],
  );
  return rows[0]!.generation;
};

type Begun = Awaited<ReturnType<typeof beginFamily>>;
type Session = Awaited<ReturnType<typeof session>>;

/** A family that has been refreshed once. */
async function session() {
  const { familyId, refreshToken } = await beginFamily(rekey, client);
  const { body } = await refresh(rekey, client, refreshToken);
  return { familyId, refreshToken: body.refresh_token as string, accessToken: body.access_token as string };
}

/** All requests that need PostgreSQL. */
function requests(
  of: Awaited<ReturnType<typeof session>>,
  uncached: TestClient,
): Record<string, () => Promise<Answer>> {
  return {
    'a refresh': () => refresh(rekey, client, of.refreshToken),
    'a refresh with an unknown token': () => refresh(rekey, client, `rt_${'A'.repeat(60)}`),
    'the authentication of a client that is not cached': () =>
      postAs(uncached, `${rekey.url}/token`, { grant_type: 'client_credentials' }),
    'a wrong secret': () => revoke(rekey, { ...client, secret: 'wrong' }, of.refreshToken),
    'the revocation of a refresh token': () => revoke(rekey, client, of.refreshToken),
    'the revocation of an access token': () => revoke(rekey, client, of.accessToken),
    'the introspection of a refresh token': () => introspect(rekey, client, of.refreshToken),
    'an admin who starts a family': () =>
      callAdmin(rekey, 'POST', '/families', bearer(adminToken), {
        client_id: client.clientId,
        subject: 'u2',
        scope: 'a',
      }),
    'an admin who changes a client': () =>
      callAdmin(rekey, 'PATCH', `/clients/${client.clientId}`, bearer(adminToken), { name: 'New' }),
    'an admin who revokes': () =>
      callAdmin(rekey, 'POST', '/revocations', bearer(adminToken), {
        kind: 'subject',
        value: 'nobody',
        reason: 'test',
      }),
  };
}

const REQUESTS = Object.keys(requests({} as Session, {} as TestClient));

describe('PostgreSQL is killed', () => {
  let of: Session;
  const answers = new Map<string, Timed>();
  let live: Answer;

  beforeAll(async () => {
    of = await session();
    const asked = requests(of, await registerClient(rekey));
    await deployment.postgres.kill();
    try {
      for (const [what, ask] of Object.entries(asked)) answers.set(what, await timed(ask));
      // The last proof that it was ready lasts a second.
      await eventually(async () => {
        answers.set('readiness', await timed(() => send(`${rekey.url}/health/ready`)));
        expect(answers.get('readiness')!.answer.status).toBe(503);
      });
      live = await send(`${rekey.url}/health/live`);
    } finally {
      await deployment.postgres.restart();
    }
    await back();
  });

  it.each(REQUESTS)('[87] with PostgreSQL killed, %s answers 503 within two seconds', (what) => {
    expectUnavailable(answers.get(what)!);
  });

  it('[87] [300] with PostgreSQL killed, the service is alive but not ready', () => {
    expect(answers.get('readiness')!.answer.status).toBe(503);
    expect(live.status).toBe(200);
  });

  it('[87] the service recovers by itself, and the refused refresh token is still valid', async () => {
    expect(rekey.isRunning).toBe(true);
    expect(await generationOf(of.familyId)).toBe(1);
    const answer = await refresh(rekey, client, of.refreshToken);
    expect(answer.status).toBe(200);
    expect((await refresh(rekey, client, answer.body.refresh_token)).status).toBe(200);
  });

  it('[165] a refused revocation has revoked nothing', async () => {
    expect((await introspect(rekey, client, of.accessToken)).body.active).toBe(true);
    expect(await deployment.query('SELECT 1 FROM revocations')).toEqual([]);
  });
});

describe('PostgreSQL hangs', () => {
  /** @returns the result of the work, with PostgreSQL frozen from its start to its end and the client cached */
  async function whilePaused<T>(work: () => Promise<T>): Promise<T> {
    await introspect(rekey, client, 'x');
    deployment.postgres.pause();
    try {
      return await work();
    } finally {
      deployment.postgres.resume();
      await back();
    }
  }

  it.each(REQUESTS)('[87] with PostgreSQL frozen, %s answers 503 within two seconds', async (what) => {
    const of = await session();
    const ask = requests(of, await registerClient(rekey))[what]!;
    expectUnavailable(await whilePaused(() => timed(ask)));
    expect((await refresh(rekey, client, of.refreshToken)).status).toBe(200);
  });

  it('[87] with PostgreSQL and Redis frozen, an access token that cannot be checked is a 503, and never active', async () => {
    const alive = await session();
    const dead = await session();
    await revoke(rekey, client, dead.refreshToken);
    const answers = await whilePaused(async () => {
      deployment.redis.pause();
      try {
        return await Promise.all(
          [alive, dead].map(({ accessToken }) => timed(() => introspect(rekey, client, accessToken))),
        );
      } finally {
        deployment.redis.resume();
      }
    });
    answers.forEach(expectUnavailable);
    expect((await introspect(rekey, client, alive.accessToken)).body.active).toBe(true);
    expect((await introspect(rekey, client, dead.accessToken)).body.active).toBe(false);
  });

  it('[87] hundreds of concurrent requests answer 503, and all of their tokens are still valid', async () => {
    const families = await beginFamilies(rekey, client, 150);
    const answers = await whilePaused(() =>
      Promise.all(
        families.flatMap(({ refreshToken }) => [
          timed(() => refresh(rekey, client, refreshToken)),
          timed(() => revoke(rekey, client, refreshToken)),
        ]),
      ),
    );
    answers.forEach(expectUnavailable);
    const after = await Promise.all(families.map(({ refreshToken }) => refresh(rekey, client, refreshToken)));
    expect(after.map(({ status }) => status)).toEqual(families.map(() => 200));
  });

  it('[87] a connection that timed out is not reused: later 200 answers are committed', async () => {
    const families = await beginFamilies(rekey, client, 40);
    const change = () => callAdmin(rekey, 'PATCH', `/clients/${client.clientId}`, bearer(adminToken), { name: 'New' });
    // Each starts a transaction, so the timeout hits in the middle of one.
    await whilePaused(() => Promise.all(Array.from({ length: 10 }, change)));
    for (const { familyId, refreshToken } of families) {
      expect((await refresh(rekey, client, refreshToken)).status).toBe(200);
      expect(await generationOf(familyId)).toBe(1);
    }
  });
});

describe('PostgreSQL is busy with another program', () => {
  const others: pg.Client[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.end()));
    await back();
  });

  async function another(): Promise<pg.Client> {
    const other = await deployment.connect();
    others.push(other);
    return other;
  }

  /** Opens connections until none is left, and ends ours. */
  async function takeAllConnections(): Promise<void> {
    const first = await another();
    const OURS = `application_name = 'rekey' AND pid <> pg_backend_pid()`;
    for (;;) {
      try {
        await another();
      } catch {
        const { rows } = await first.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS}`);
        if (rows.length === 0) return;
      }
    }
  }

  it('[89] without a free connection the service answers 503 in time, and recovers once there is one', async () => {
    const of = await session();
    const asked = requests(of, await registerClient(rekey));
    await takeAllConnections();
    for (const ask of Object.values(asked)) expectUnavailable(await timed(ask));
    await Promise.all(others.splice(0).map((other) => other.end()));
    await back();
    expect((await refresh(rekey, client, of.refreshToken)).status).toBe(200);
  });

  it('[89] with all its connections waiting for a lock the service answers 503 in time, and recovers once the lock is released', async () => {
    const families = await beginFamilies(rekey, client, 30);
    const other = await another();
    await other.query('BEGIN; LOCK TABLE token_families IN ACCESS EXCLUSIVE MODE');
    await introspect(rekey, client, 'x');
    const answers = await Promise.all(
      families.flatMap(({ familyId, refreshToken }) => [
        timed(() => refresh(rekey, client, refreshToken)),
        timed(() => callAdmin(rekey, 'GET', `/families/${familyId}`, bearer(adminToken))),
      ]),
    );
    answers.forEach(expectUnavailable);
    await other.query('ROLLBACK');
    const after = await Promise.all(families.map(({ refreshToken }) => refresh(rekey, client, refreshToken)));
    expect(after.map(({ status }) => status)).toEqual(families.map(() => 200));
  });

  it('[89] with more rows locked than it has connections the service answers 503 in time, and recovers once they are free', async () => {
    const families = await beginFamilies(rekey, client, 60);
    const locked = families.slice(0, 40);
    const other = await another();
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM token_families WHERE family_id = ANY($1) FOR UPDATE', [
      locked.map(({ familyId }) => familyId),
    ]);
    const answers = await Promise.all(
      families.map(async ({ refreshToken }, index) => {
        await sleep(index * 10);
        return timed(() => refresh(rekey, client, refreshToken));
      }),
    );
    for (const { answer, ms } of answers.slice(40)) {
      expect([200, 503]).toContain(answer.status);
      expect(ms).toBeLessThan(2000);
    }
    answers.slice(0, 40).forEach(expectUnavailable);
    await other.query('ROLLBACK');
    const after = await Promise.all(families.map(({ refreshToken }) => refresh(rekey, client, refreshToken)));
    expect(after.map(({ status }) => status)).toEqual(families.map(() => 200));
  });

  it.each([0, 150])(
    '[89] with a row locked, and %i ms each way to the database, a refresh and a revocation answer 503 in time',
    async (latencyMs) => {
      const road = await Road.to(Number(new URL(deployment.databaseUrl).port), latencyMs);
      const databaseUrl = Object.assign(new URL(deployment.databaseUrl), { port: String(road.entrance) }).href;
      const far =
        latencyMs === 0 ? rekey : await deployment.replica({ databaseUrl, env: { REKEY_MIGRATE_AT_BOOT: 'off' } });
      const owner = await registerClient(rekey);
      const families = await beginFamilies(rekey, owner, 3);
      const [refreshed, revoked, named] = families as [Begun, Begun, Begun];
      const other = await another();
      await other.query('BEGIN; SELECT 1 FROM token_families FOR UPDATE');
      // What may hit a million rows waits for them.
      const bulk = asAdmin(rekey, 'POST', '/revocations', { kind: 'client', value: owner.clientId, reason: 'test' });
      const admin = bearer(adminToken);
      const answers = await Promise.all([
        timed(() => refresh(far, owner, refreshed.refreshToken)),
        timed(() => revoke(far, owner, revoked.refreshToken)),
        timed(() =>
          callAdmin(far, 'POST', '/revocations', admin, { kind: 'family', value: named.familyId, reason: 'test' }),
        ),
      ]);
      answers.forEach(expectUnavailable);
      await other.query('ROLLBACK');
      await bulk;
      road.close();
      if (latencyMs > 0) await far.stop();
      expect((await refresh(rekey, owner, refreshed.refreshToken)).body.error).toBe('invalid_grant');
    },
  );
});
