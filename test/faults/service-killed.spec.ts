/** The service is killed (SIGKILL) at the worst moments, and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestClient, TestFamily } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { asAdmin, beginFamily, registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, revoke } from '../support/requests.js';
import { Road } from '../support/road.js';

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
  client = await registerClient(rekey);
});
afterAll(() => deployment.stop());

interface Row {
  readonly generation: number;
  readonly revoked: boolean;
}

async function rowOf({ familyId }: TestFamily): Promise<Row> {
  const [row] = await deployment.query<Row>(
    'SELECT generation, revoked_at IS NOT NULL AS revoked FROM token_families WHERE family_id = $1',
    [familyId],
  );
  return row!;
}

/** The outcomes of the family's refreshes in the audit log. */
const refreshesOf = async ({ familyId }: TestFamily): Promise<string[]> => {
  const rows = await deployment.query<{ event: string }>(
    `SELECT event FROM audit_events WHERE family_id = $1 AND event LIKE 'refresh.%' ORDER BY id`,
    [familyId],
  );
  return rows.map(({ event }) => event);
};

/** Expects that of these tokens only the last one is valid, and works. */
async function expectOneLive(tokens: string[]): Promise<void> {
  const live = await Promise.all(tokens.map(async (token) => (await introspect(rekey, client, token)).body.active));
  expect(live).toEqual(tokens.map((_, index) => index === tokens.length - 1));
  expect((await refresh(rekey, client, tokens.at(-1)!)).status).toBe(200);
}

describe('killed in the middle of a refresh', () => {
  let family: TestFamily;
  beforeEach(async () => {
    family = await beginFamily(rekey, client);
  });

  it('[137] killed after the COMMIT and before the answer: a repeated request gets the successor, and one token is valid', async () => {
    const road = await Road.to(Number(new URL(deployment.databaseUrl).port));
    let next: RekeyProcess;
    try {
      const url = new URL(deployment.databaseUrl);
      url.port = String(road.entrance);
      const doomed = await deployment.replica({ databaseUrl: url.href });
      expect((await introspect(doomed, client, 'x')).status).toBe(200);
      // From here on PostgreSQL's answers to this replica are lost, so it does not learn of the commit.
      road.loseAnswers();
      const lost = refresh(doomed, client, family.refreshToken).then(
        (answer) => answer.status,
        () => 'no answer',
      );
      await eventually(async () => expect((await rowOf(family)).generation).toBe(1));
      await doomed.kill();
      expect(await lost).toBe('no answer');
      next = await deployment.again(doomed, { databaseUrl: deployment.databaseUrl });
    } finally {
      road.close();
    }
    const again = await refresh(next, client, family.refreshToken);
    expect(again.status).toBe(200);
    expect(await refreshesOf(family)).toEqual(['refresh.rotated', 'refresh.retried']);
    await expectOneLive([family.refreshToken, again.body.refresh_token]);
    await next.stop();
  });

  /** Locks the family, so that the update of a refresh waits. @returns a function that ends the lock */
  async function lockFamily(): Promise<() => Promise<void>> {
    const holder = await deployment.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM token_families WHERE family_id = $1 FOR UPDATE', [family.familyId]);
    return async () => {
      await holder.query('ROLLBACK');
      await holder.end();
    };
  }

  const waiting = async (): Promise<number> =>
    (await deployment.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length;

  it('[138] killed before the COMMIT: the token is unused', async () => {
    const unlock = await lockFamily();
    const lost = refresh(rekey, client, family.refreshToken).catch(() => 'no answer');
    await eventually(async () => expect(await waiting()).toBe(1));
    await rekey.kill();
    expect(await lost).toBe('no answer');
    await eventually(async () => expect(await waiting()).toBe(0)); // PostgreSQL gives up the statement of the dead
    await unlock();
    rekey = await deployment.again(rekey);
    expect((await rowOf(family)).generation).toBe(0);
    const first = await refresh(rekey, client, family.refreshToken);
    expect(first.status).toBe(200);
    expect(await refreshesOf(family)).toEqual(['refresh.rotated']);
    await expectOneLive([family.refreshToken, first.body.refresh_token]);
  });

  it('[137] [138] killed just when PostgreSQL continues: the token has one successor, committed or not', async () => {
    const unlock = await lockFamily();
    const lost = refresh(rekey, client, family.refreshToken).catch(() => 'no answer');
    await eventually(async () => expect(await waiting()).toBe(1));
    await Promise.all([unlock(), rekey.kill()]);
    await lost;
    rekey = await deployment.again(rekey);
    const again = await refresh(rekey, client, family.refreshToken);
    expect(again.status).toBe(200);
    expect((await rowOf(family)).generation).toBe(1);
    await expectOneLive([family.refreshToken, again.body.refresh_token]);
  });
});

it('[138] a revocation that was answered 200 holds, even if the service is killed at once and Redis loses everything', async () => {
  const opaque = await registerClient(rekey, { access_token_format: 'opaque' });
  const families = await Promise.all(
    [client, opaque, client, opaque].map((of, index) => beginFamily(rekey, of, `u${index}`)),
  );
  const [byToken, byOpaque, bySubject, byAccessToken] = await Promise.all(
    families.map(async ({ refreshToken, subject }, index) => {
      const of = index % 2 === 0 ? client : opaque;
      const { body } = await refresh(rekey, of, refreshToken);
      return { of, subject, refreshToken: body.refresh_token as string, accessToken: body.access_token as string };
    }),
  );
  await revoke(rekey, byAccessToken!.of, byAccessToken!.accessToken);
  await asAdmin(rekey, 'POST', '/revocations', { kind: 'subject', value: bySubject!.subject, reason: 'test' });
  const answers = await Promise.all(
    [byToken!, byOpaque!].map(({ of, refreshToken }) => revoke(rekey, of, refreshToken)),
  );
  await Promise.all([rekey.kill(), deployment.redisCommand('FLUSHALL')]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  rekey = await deployment.again(rekey);
  for (const { of, accessToken } of [byToken!, byOpaque!, bySubject!, byAccessToken!]) {
    expect((await introspect(rekey, of, accessToken)).text).toBe('{"active":false}');
  }
  for (const { of, refreshToken } of [byToken!, byOpaque!, bySubject!]) {
    expect((await refresh(rekey, of, refreshToken)).body.error).toBe('invalid_grant');
  }
  // RFC 7009 §2.1: an access token was revoked, and its family goes on.
  expect((await refresh(rekey, byAccessToken!.of, byAccessToken!.refreshToken)).status).toBe(200);
});

it('[139] CVE-2026-9802: a restart and an empty Redis do not make a superseded token valid again', async () => {
  const brief = await registerClient(rekey, { refresh: { retry_window_seconds: 1 } });
  const family = await beginFamily(rekey, brief);
  const { body } = await refresh(rekey, brief, family.refreshToken);
  const supersededAt = performance.now();
  await rekey.kill();
  await deployment.redisCommand('FLUSHALL');
  rekey = await deployment.again(rekey);
  await sleep(Math.max(0, 2100 - (performance.now() - supersededAt)));
  expect((await introspect(rekey, brief, body.access_token)).body.active).toBe(true);
  const reuse = await refresh(rekey, brief, family.refreshToken);
  expect([reuse.status, reuse.body.error]).toEqual([400, 'invalid_grant']);
  expect(await rowOf(family)).toEqual({ generation: 1, revoked: true });
  expect((await refresh(rekey, brief, body.refresh_token)).body.error).toBe('invalid_grant');
  expect((await introspect(rekey, brief, body.access_token)).text).toBe('{"active":false}');
});
