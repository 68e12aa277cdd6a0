/** Key rotation does not affect holders of tokens. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { KeyRotationWorker } from '../../src/keys/key-rotation.worker.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { refresh, revoke, send } from '../support/requests.js';
import { verifyAtResource } from '../support/resource-verifier.js';
import { expectActive, expectInactive, startSession } from '../support/sessions.js';
import { startApp, type TestApp } from '../support/test-app.js';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

let app: TestApp;
let worker: KeyRotationWorker;
let client: TestClient;
let opaque: TestClient;

beforeAll(async () => {
  app = await startApp();
  worker = app.nest.get(KeyRotationWorker, { strict: false });
  await worker.onModuleDestroy(); // otherwise its runs every ten seconds would anticipate the tests
  const patient = {
    accessTokenTtlSeconds: DAY_SECONDS,
    idleTtlSeconds: 365 * DAY_SECONDS,
    absoluteTtlSeconds: 3650 * DAY_SECONDS,
  };
  client = await confidentialClient(app, patient);
  opaque = await confidentialClient(app, { ...patient, accessTokenFormat: 'opaque' });
});
afterAll(() => app.close());
beforeEach(() => app.clock.advance(1));
afterEach(() => expect(serverErrors(app)).toEqual([]));

const kidOf = (accessToken: string): string => decodeProtectedHeader(accessToken).kid!;

/** The keys of the access tokens' algorithm. */
async function publishedKids(): Promise<(string | undefined)[]> {
  const { body } = await send(`${app.url}/jwks`);
  return (body as JSONWebKeySet).keys.filter(({ alg }) => alg === 'ES256').map(({ kid }) => kid);
}

/** The key id of a refresh token or an opaque access token. */
const tokenKeyOf = (token: string): number => Buffer.from(token.slice('rt_'.length), 'base64url')[0]!;

/** By verification and by introspection. */
async function expectValid(accessToken: string): Promise<void> {
  await verifyAtResource(app, accessToken, { audience: app.issuer });
  await expectActive(app, client, accessToken);
}

it('[212] the next signing key is published long before it signs, and the last one as long as its tokens live', async () => {
  const before = await startSession(app, client);
  const [created] = await worker.rotateNow({ immediately: false });
  expect(created).toMatchObject({ change: 'signing_key_created' });
  expect(await publishedKids()).toHaveLength(2);
  const meanwhile = await refresh(app, client, before.refreshToken);
  expect(kidOf(meanwhile.body.access_token)).toBe(kidOf(before.accessToken));

  app.clock.advanceSeconds(HOUR_SECONDS);
  const after = await refresh(app, client, meanwhile.body.refresh_token);
  expect(kidOf(after.body.access_token)).not.toBe(kidOf(before.accessToken));
  for (const token of [before.accessToken, meanwhile.body.access_token, after.body.access_token])
    await expectValid(token);

  app.clock.advanceSeconds(DAY_SECONDS - HOUR_SECONDS - 1);
  await expectValid(before.accessToken);
  app.clock.advanceSeconds(2 * HOUR_SECONDS);
  await worker.run();
  expect(await publishedKids()).toEqual([kidOf(after.body.access_token)]);
  await expectInactive(app, client, before.accessToken);
});

it('[212] tokens from before an emergency rotation stay valid, and new ones use the new key at once', async () => {
  const before = await startSession(app, client);
  await worker.rotateNow({ immediately: true });
  const { body } = await refresh(app, client, before.refreshToken);
  expect(kidOf(body.access_token)).not.toBe(kidOf(before.accessToken));
  for (const token of [before.accessToken, body.access_token]) await expectValid(token);
});

it('[214] a retired key is refused everywhere, and refresh tokens do not depend on it', async () => {
  const before = await startSession(app, client);
  const leaked = kidOf(before.accessToken);
  await worker.retire(leaked);
  expect(await publishedKids()).not.toContain(leaked);
  await expectInactive(app, client, before.accessToken);
  await expect(verifyAtResource(app, before.accessToken)).rejects.toThrow('no applicable key');
  const { body } = await refresh(app, client, before.refreshToken);
  await expectValid(body.access_token);
});

it('refresh tokens survive the rotation of the token key: they are introspected, refreshed, retried and revoked as before', async () => {
  const old = await startSession(app, client);
  const idle = await startFamily(app, client);
  const other = await startSession(app, opaque);
  app.clock.advanceSeconds(90 * DAY_SECONDS);
  const changes = await worker.run();
  expect(changes.filter(({ change }) => change === 'token_key_created')).toHaveLength(1);
  const replica = app.nest.get(KeyRing, { strict: false });
  const mintedBefore = replica.mintingTokenKey().id;
  app.clock.advanceSeconds(60);
  expect(replica.mintingTokenKey().id).not.toBe(mintedBefore);

  await expectActive(app, client, old.refreshToken, idle.refreshToken);
  const first = await refresh(app, client, old.refreshToken);
  expect(first.status).toBe(200);
  expect(tokenKeyOf(first.body.refresh_token)).not.toBe(tokenKeyOf(old.refreshToken));
  const retry = await refresh(app, client, old.refreshToken);
  expect(retry.body.refresh_token).toBe(first.body.refresh_token);
  expect((await refresh(app, client, first.body.refresh_token)).status).toBe(200);

  expect((await revoke(app, client, idle.refreshToken)).status).toBe(200);
  await expectInactive(app, client, idle.refreshToken);
  expect((await refresh(app, opaque, other.refreshToken)).status).toBe(200);
});

it('a retry of a refresh from before the rotation of the token key yields a working successor', async () => {
  const { refreshToken } = await startFamily(app, client);
  const held = app.nest.get(KeyRing, { strict: false });
  app.clock.advanceSeconds(90 * DAY_SECONDS);
  const [created] = (await worker.run()).filter(({ change }) => change === 'token_key_created');
  app.clock.advanceSeconds(59);
  const first = await refresh(app, client, refreshToken);
  const mintedUnder = held.mintingTokenKey().id;
  app.clock.advanceSeconds(1);
  expect(held.mintingTokenKey().id).not.toBe(mintedUnder);
  expect(created).toMatchObject({ id: held.mintingTokenKey().id });
  const retry = await refresh(app, client, refreshToken);
  expect([first.status, retry.status]).toEqual([200, 200]);
  // With another key the token is another text, but the same generation of the same family.
  const tokens = [first.body.refresh_token, retry.body.refresh_token] as [string, string];
  expect(new Set(tokens).size).toBe(2);
  await expectActive(app, client, ...tokens);
  const [next, again] = [await refresh(app, client, tokens[0]), await refresh(app, client, tokens[1])];
  expect([next.status, again.status]).toEqual([200, 200]);
  expect(again.body.refresh_token).toBe(next.body.refresh_token);
});

it('opaque access tokens survive the rotation of the token key', async () => {
  app.clock.advanceSeconds(90 * DAY_SECONDS);
  await worker.run();
  const before = await startSession(app, opaque);
  // The next key is known for a minute before it is used.
  app.clock.advanceSeconds(60);
  const after = await startSession(app, opaque);
  expect(tokenKeyOf(after.accessToken)).not.toBe(tokenKeyOf(before.accessToken));
  await expectActive(app, opaque, before.accessToken, after.accessToken);
  expect((await revoke(app, opaque, before.accessToken)).status).toBe(200);
  await expectInactive(app, opaque, before.accessToken);
});
