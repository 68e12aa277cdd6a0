/** Replicas whose clocks differ by two minutes, and a clock that steps back: real processes under libfaketime. */
import { existsSync, readdirSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { asAdmin, beginFamily, registerClient } from '../support/provision.js';
import { look, newVisitor, registerUser, registerWebClient, siteOf } from '../support/provision-sign-in.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, revoke } from '../support/requests.js';
import { Authorization, authorize } from '../support/sign-in.js';

const AHEAD_SECONDS = 120;

/** Debian's package `faketime`. */
const LIBRARY = readdirSync('/usr/lib')
  .map((name) => `/usr/lib/${name}/faketime/libfaketime.so.1`)
  .find(existsSync);

let deployment: Deployment;
let directory: string;
let right: RekeyProcess;
let ahead: RekeyProcess;
let client: TestClient;

/** Sets the clock of the second replica, which runs. */
const setAhead = (seconds: number): void => writeFileSync(join(directory, 'offset'), `+${seconds}`);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rekey-clock-'));
  setAhead(AHEAD_SECONDS);
  deployment = await Deployment.start();
  right = await deployment.replica();
  ahead = await deployment.replica({
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: join(directory, 'offset'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  client = await registerClient(right);
});
afterAll(async () => {
  await deployment.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A family whose access token was issued at `at`. */
async function tokensFrom(at: RekeyProcess, of = client, subject = 'u1') {
  const { refreshToken, familyId } = await beginFamily(at, of, subject);
  const { body } = await refresh(at, of, refreshToken);
  return { familyId, accessToken: body.access_token as string, refreshToken: body.refresh_token as string };
}

const activeAt = (of: TestClient, token: string): Promise<boolean[]> =>
  Promise.all([right, ahead].map(async (at) => (await introspect(at, of, token)).body.active as boolean));

it('the clocks of the replicas differ by two minutes', async () => {
  const [one, other] = [await tokensFrom(right), await tokensFrom(ahead)];
  const difference = decodeJwt(other.accessToken).iat! - decodeJwt(one.accessToken).iat!;
  expect(Math.abs(difference - AHEAD_SECONDS)).toBeLessThan(10);
  for (const { accessToken } of [one, other]) expect(await activeAt(client, accessToken)).toEqual([true, true]);
});

it('nobody is logged out, however refreshes and retries alternate between the replicas', async () => {
  for (const [one, other] of [
    [right, ahead],
    [ahead, right],
  ] as const) {
    let { refreshToken } = await beginFamily(one, client);
    for (let round = 0; round < 6; round += 1) {
      const [here, there] = round % 2 ? [one, other] : [other, one];
      const first = await refresh(here, client, refreshToken);
      expect(first.status).toBe(200);
      const again = await refresh(here, client, refreshToken);
      expect([again.status, again.body.refresh_token]).toEqual([200, first.body.refresh_token]);
      expect((await introspect(there, client, first.body.access_token)).body.active).toBe(true);
      refreshToken = first.body.refresh_token as string;
    }
  }
});

/** Each kind of revocation, at a replica. */
const revocations: Record<
  string,
  (at: RekeyProcess, of: TestClient, tokens: Tokens, subject: string) => Promise<unknown>
> = {
  'its access token is revoked': (at, of, { accessToken }) => revoke(at, of, accessToken),
  'its refresh token is revoked': (at, of, { refreshToken }) => revoke(at, of, refreshToken),
  'its family is revoked': (at, _of, { familyId }) => byAdmin(at, 'family', familyId),
  'its subject is revoked': (at, _of, _tokens, subject) => byAdmin(at, 'subject', subject),
  'its client is revoked': (at, of) => byAdmin(at, 'client', of.clientId),
  'its subject is disabled': (at, _of, _tokens, subject) =>
    asAdmin(at, 'PATCH', `/subjects/${subject}`, { disabled: true }),
  'its client is disabled': async (at, { clientId }) =>
    asAdmin(at, 'PATCH', `/clients/${clientId}`, { disabled: true }),
};

type Tokens = Awaited<ReturnType<typeof tokensFrom>>;

const byAdmin = (at: RekeyProcess, kind: string, value: string) =>
  asAdmin(at, 'POST', '/revocations', { kind, value, reason: 'test' });

it.each(Object.keys(revocations))(
  'an access token issued ahead of the replica at which %s is inactive on both, and the other way round',
  async (what) => {
    const observer = await registerClient(right, { audience: ['https://clocks.test'] });
    for (const [issuing, revoking] of [
      [ahead, right],
      [right, ahead],
    ] as const) {
      const subject = `s-${what.replace(/\W/g, '-')}-${issuing === ahead}`;
      const owner = await registerClient(right, { audience: ['https://clocks.test'] });
      // Refreshed at both, so that the last use goes backwards.
      const tokens = await tokensFrom(issuing, owner, subject);
      const mixed = await tokensFrom(issuing, owner, subject);
      await refresh(revoking, owner, mixed.refreshToken);
      expect(await activeAt(observer, tokens.accessToken)).toEqual([true, true]);
      await revocations[what]!(revoking, owner, tokens, subject);
      expect(await activeAt(observer, tokens.accessToken)).toEqual([false, false]);
      // A token names itself alone, the family its own.
      const isBroad = !/token is|family/.test(what);
      expect(await activeAt(observer, mixed.accessToken)).toEqual(isBroad ? [false, false] : [true, true]);
    }
  },
);

it('a code issued at the replica ahead is redeemed at the other, and its login session lives at both', async () => {
  const web = await registerWebClient(right);
  const visitor = newVisitor(ahead);
  const authorization = new Authorization(web);
  const answer = await authorize(siteOf(ahead), await registerUser(ahead), authorization, visitor);
  expect((await authorization.exchange(right, web, answer.get('code')!)).status).toBe(200);
  for (const at of [right, ahead]) expect((await look(at, visitor, '/account')).status).toBe(200);
});

it('a clock that steps back logs nobody out and leaves nothing active that is revoked', async () => {
  const owner = await registerClient(right);
  const [kept, ended] = [await tokensFrom(ahead, owner), await tokensFrom(ahead, owner)];
  setAhead(0);
  expect((await refresh(ahead, owner, kept.refreshToken)).status).toBe(200);
  await refresh(ahead, owner, ended.refreshToken);
  expect((await revoke(ahead, owner, ended.refreshToken)).status).toBe(200);
  expect(await activeAt(owner, ended.accessToken)).toEqual([false, false]);
  expect(await activeAt(owner, kept.accessToken)).toEqual([true, true]);
  setAhead(AHEAD_SECONDS);
});

/** The last test: the cutoff is the other replica's time, so that this replica's own new tokens are inactive until then. */
it('a revocation of everything also hits tokens of the replica whose clock is ahead', async () => {
  const observer = await registerClient(right, { audience: ['https://clocks.test'] });
  const owner = await registerClient(right, { audience: ['https://clocks.test'] });
  const [behind, later] = [await tokensFrom(right, owner), await tokensFrom(ahead, owner)];
  await asAdmin(right, 'POST', '/revocations', { kind: 'all', reason: 'test' });
  for (const { accessToken } of [behind, later]) expect(await activeAt(observer, accessToken)).toEqual([false, false]);
});
