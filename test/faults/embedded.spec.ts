/** The embedded service, killed during its work and restarted on the same files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readCredentials, type Credentials } from '../../src/first-boot/credentials-file.js';
import type { TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { asAdmin, beginFamilies, registerClient, type Address } from '../support/provision.js';
import { FORM, hangUp } from '../support/raw-http.js';
import { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh } from '../support/requests.js';
import { Session } from '../support/session.js';

const dataDir = mkdtempSync(join(tmpdir(), 'rekey-data-'));
/** Like `npm start`: only the address is set. */
const env = {
  NODE_ENV: undefined,
  REKEY_SECRET: undefined,
  REKEY_ISSUER: undefined,
  REKEY_ADMIN_CLIENT_ID: undefined,
  REKEY_ADMIN_CLIENT_SECRET: undefined,
  REKEY_DATA_DIR: dataDir,
};

let rekey: RekeyProcess;
let credentials: Credentials;
let at: Address;

beforeAll(async () => {
  rekey = await RekeyProcess.start({ env });
  credentials = readCredentials(dataDir);
  const admin = {
    clientId: credentials.adminClientId!,
    secret: credentials.adminClientSecret,
    method: 'client_secret_basic' as const,
  };
  at = { url: rekey.url, admin };
});
afterAll(async () => {
  await rekey.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The secrets. */
const secretsOf = ({ adminClientSecret, demoClientSecret, demoPassword }: Credentials): string[] =>
  [adminClientSecret, demoClientSecret, demoPassword].map((secret) => secret!);

it('a first start prints how to sign in and try it, in 25 lines at most', () => {
  const said = rekey.output.slice(rekey.output.indexOf('Rekey listens on')).trimEnd();
  for (const secret of secretsOf(credentials)) expect(said).toContain(secret);
  expect(said.split('\n').filter((line) => !line.startsWith('{')).length).toBeLessThanOrEqual(25);
});

it('a caller that hangs up during its body causes no error, and does not count as a database failure', async () => {
  await hangUp(rekey.url, { path: '/token', headers: [FORM], body: 'grant_type=client_credentials' });
  await eventually(() => expect(rekey.output).toContain('"result":"aborted"'));
  expect(rekey.output).not.toContain('"level":"error"');
});

it('a second process on the same files is refused with the reason, and damages nothing', async () => {
  const second = await RekeyProcess.launch({ env });
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.output).toContain(`The data directory is in use by process ${rekey.pid}`);
  for (const secret of secretsOf(credentials)) expect(second.output).not.toContain(secret);
  expect(rekey.isRunning).toBe(true);
  await registerClient(at);
});

it('[137] [138] a process killed during refreshes continues where it was: no session is lost', async () => {
  const client: TestClient = await registerClient(at);
  const families = await beginFamilies(at, client, 8);
  const sessions = families.map((family) => new Session(client, family, () => at));
  for (let round = 0; round < 2; round++) {
    let isOver = false;
    const running = Promise.all(sessions.map((session) => session.run(() => isOver)));
    await sleep(1000 + 50 * round);
    await rekey.kill();
    isOver = true;
    await running;
    rekey = await rekey.startAgain();
    await Promise.all(sessions.map((session) => session.attempt(at)));
    expect(sessions.map(({ refusal }) => refusal?.text)).toEqual(sessions.map(() => undefined));
  }
  for (const { family, refreshes, refreshToken, spent } of sessions) {
    expect(refreshes).toBeGreaterThan(5);
    const { body } = await asAdmin(at, 'GET', `/families/${family.familyId}`);
    expect([body.generation, body.state]).toEqual([refreshes, 'active']);
    expect((await introspect(at, client, spent!)).body.active).toBe(false);
    expect((await refresh(at, client, refreshToken)).status).toBe(200);
  }
});

it('a later start prints no secrets but where they are, and they still work', async () => {
  const now = readCredentials(dataDir);
  const { output } = rekey;
  expect(output).toContain(join(dataDir, 'credentials.env'));
  for (const secret of [
    ...secretsOf(credentials),
    ...secretsOf(now),
    credentials.demoRefreshToken!,
    now.demoRefreshToken!,
    readFileSync(join(dataDir, 'master.key'), 'utf8').trim(),
  ]) {
    expect(output).not.toContain(secret);
  }
  expect(now.demoClientSecret).toBe(credentials.demoClientSecret);
  const demo: TestClient = { clientId: now.demoClientId!, secret: now.demoClientSecret, method: 'client_secret_basic' };
  expect((await refresh(at, demo, now.demoRefreshToken!)).status).toBe(200);
});

it('a process stopped cleanly releases the files', async () => {
  expect(await rekey.stop()).toEqual({ code: 0, signal: null });
  rekey = await rekey.startAgain();
  await registerClient(at);
});
