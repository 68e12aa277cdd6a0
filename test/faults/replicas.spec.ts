/** Two replicas are one service: changes at one apply at the other, also if that one has lost Redis. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { asAdmin, beginFamily, registerClient, type Address } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, revoke, send } from '../support/requests.js';
import { Road } from '../support/road.js';

/** docs/internals.md, "Tracker and lease". */
const LEASE_MS = 2000;

let deployment: Deployment;
let one: RekeyProcess;
let other: RekeyProcess;
let client: TestClient;
/** From the other replica to Redis. */
let road: Road;

beforeAll(async () => {
  deployment = await Deployment.start();
  road = await Road.to(deployment.redis.port);
  [one, other] = [await deployment.launchReplica(), await deployment.launchReplica({ redisUrl: road.url })];
});
afterAll(async () => {
  await deployment.stop();
  road.close();
});

it('two replicas that start together on an empty database both come up with the same keys', async () => {
  await Promise.all([one.ready(), other.ready()]);
  client = await registerClient(one);
  const { refreshToken } = await beginFamily(other, client);
  const { body } = await refresh(one, client, refreshToken);
  expect((await introspect(other, client, body.access_token)).body.active).toBe(true);
  const keys = await Promise.all([one, other].map(async ({ url }) => (await send(`${url}/jwks`)).body));
  expect(keys[0]).toEqual(keys[1]);
  expect(keys[0].keys).toHaveLength(2);
  expect(await deployment.query('SELECT 1 FROM signing_keys')).toHaveLength(2);
  for (const table of ['token_keys', "clients WHERE client_id = 'admin'"]) {
    expect(await deployment.query(`SELECT 1 FROM ${table}`)).toHaveLength(1);
  }
  expect([one, other].filter(({ output }) => /"level":"(error|fatal)"/.test(output))).toEqual([]);
});

it('[133] fifty identical refreshes on both replicas all get the same successor', async () => {
  for (let round = 0; round < 5; round++) {
    const { familyId, refreshToken } = await beginFamily(one, client);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => refresh(index % 2 === 0 ? one : other, client, refreshToken)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const successors = new Set(answers.map(({ body }) => body.refresh_token as string));
    expect(successors.size).toBe(1);
    const rows = await deployment.query('SELECT generation, revoked_at FROM token_families WHERE family_id = $1', [
      familyId,
    ]);
    expect(rows).toEqual([{ generation: 1, revoked_at: null }]);
    expect((await refresh(other, client, [...successors][0]!)).status).toBe(200);
  }
});

/** An access token of each format, and the refresh token it came with. */
async function session(accessTokenFormat: 'jwt' | 'opaque') {
  const of = accessTokenFormat === 'jwt' ? client : await registerClient(one, { access_token_format: 'opaque' });
  const { familyId, refreshToken } = await beginFamily(one, of);
  const { body } = await refresh(one, of, refreshToken);
  return { of, familyId, refreshToken: body.refresh_token as string, accessToken: body.access_token as string };
}

const expectReady = (at: Address) =>
  eventually(async () => {
    const { body } = await send(`${at.url}/health/ready`);
    expect((body.details ?? body.info).revocation_tracker.state).toBe('ready');
  });

describe.each(['jwt', 'opaque'] as const)('[164] a revocation at one (%s access tokens)', (format) => {
  it('a revocation on one replica takes effect on the other at once', async () => {
    await Promise.all([expectReady(one), expectReady(other)]);
    for (let round = 0; round < 20; round++) {
      const { of, refreshToken, accessToken } = await session(format);
      expect((await introspect(other, of, accessToken)).body.active).toBe(true);
      expect((await revoke(one, of, refreshToken)).status).toBe(200);
      expect((await introspect(other, of, accessToken)).text).toBe('{"active":false}');
      expect((await refresh(other, of, refreshToken)).body.error).toBe('invalid_grant');
    }
  });

  it('an admin’s revocation of a subject takes effect on the other replica at once', async () => {
    const { of, refreshToken, accessToken } = await session(format);
    expect((await introspect(other, of, accessToken)).body.active).toBe(true);
    await asAdmin(one, 'POST', '/revocations', { kind: 'subject', value: 'u1', reason: 'test' });
    expect((await introspect(other, of, accessToken)).text).toBe('{"active":false}');
    expect((await refresh(other, of, refreshToken)).body.error).toBe('invalid_grant');
  });
});

describe('[164] one of them has lost Redis', () => {
  afterEach(async () => {
    road.leadTo(deployment.redis.port);
    await expectReady(other);
  });

  it.each([
    { how: 'its connections are refused', lose: async () => road.leadTo(1) },
    { how: 'nothing passes on them any more', lose: async () => road.silence() },
  ])('$how: the replica without Redis honours the others’ revocations at once', async ({ lose }) => {
    const sessions = [await session('jwt'), await session('opaque')];
    await lose();
    for (const { of, refreshToken, accessToken } of sessions) {
      expect((await introspect(other, of, accessToken)).body.active).toBe(true);
      expect((await revoke(one, of, refreshToken)).status).toBe(200);
      expect((await introspect(other, of, accessToken)).text).toBe('{"active":false}');
    }
  });

  it('revocations on the replica without Redis are honoured by the others within the lease', async () => {
    const sessions = [await session('jwt'), await session('opaque')];
    await Promise.all([expectReady(one), expectReady(other)]);
    road.leadTo(1);
    for (const { of, refreshToken, accessToken } of sessions) {
      expect((await revoke(other, of, refreshToken)).status).toBe(200);
      const revokedAt = performance.now();
      let lastActiveAt = revokedAt;
      await eventually(async () => {
        const askedAt = performance.now();
        const { body } = await introspect(one, of, accessToken);
        if (body.active) lastActiveAt = askedAt;
        expect(body).toEqual({ active: false });
      });
      expect(lastActiveAt - revokedAt).toBeLessThan(LEASE_MS);
      // On this replica, and for refresh tokens, the revocation takes effect at once.
      expect((await introspect(other, of, accessToken)).text).toBe('{"active":false}');
      expect((await refresh(one, of, refreshToken)).body.error).toBe('invalid_grant');
    }
  });
});
