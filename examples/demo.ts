/**
 * The main features in half a minute: `npm run demo`. Starts a server with a fresh embedded database, and prints each request
 * and its response.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { refreshing, say, title, Wire, type Client } from './wire.js';

const ADMIN = { id: 'admin', secret: 'demo-admin-secret-that-lives-for-a-minute' };
const RETRY_WINDOW_SECONDS = 2;

const directory = mkdtempSync(join(tmpdir(), 'rekey-demo-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const wire = new Wire(url);
const server = start();
const ended = once(server, 'exit');
let isOver = false;
// Stops the server however this ends: a reader such as `head` that closes the pipe, Ctrl-C, a closed terminal.
process.stdout.on('error', () => void stop().then(() => process.exit(0)));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void stop().then(() => process.exit(1)));
try {
  await listening();
  await run();
} catch (error) {
  if (!isOver) throw error; // a request that was cut short by the end
} finally {
  await stop();
}

async function stop(): Promise<void> {
  isOver = true;
  server.kill('SIGTERM');
  await ended;
  rmSync(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const admin = await wire.adminToken(ADMIN);
  const client = await createClient(admin);

  title('1. A refresh: the access token has expired, and the user is not asked again');
  const first = await wire.startFamily(admin, client, 'alice');
  const second = await wire.refresh(client, first);

  title('2. The answer is lost on a train: the client asks again with the same token, and gets the same successor');
  const lost = await wire.refresh(client, second, '(this answer never arrives)');
  const again = await wire.refresh(client, second);
  say(
    lost === again
      ? '   The same refresh token came back: one session, one live token.'
      : '   THIS IS WRONG: another token came back.',
  );

  title('3. A thief has copied a token that the client has long replaced: using it ends the family for both');
  const stolen = await wire.startFamily(admin, client, 'bob');
  const current = await wire.refresh(client, stolen);
  say(`   … ${RETRY_WINDOW_SECONDS} seconds later, after the grace period, the thief appears:`);
  await sleep(RETRY_WINDOW_SECONDS * 1000 + 500);
  await wire.refresh(client, stolen);
  say('   And the token that was still good, wherever it is, no longer works either:');
  await wire.refresh(client, current);

  title('4. A revocation takes effect at once, for a JWT as well');
  const carols = await wire.startFamily(admin, client, 'carol');
  const answer = await wire.tell(client, '/token', refreshing(carols));
  const accessToken = String(answer['access_token']);
  await wire.tell(client, '/introspect', { token: accessToken });
  say('   The admin revokes everything of carol:');
  await wire.adminPost(
    admin,
    '/admin/v1/revocations',
    { kind: 'subject', value: 'carol', reason: 'laptop lost' },
    true,
  );
  await wire.tell(client, '/introspect', { token: accessToken });
  await wire.refresh(client, String(answer['refresh_token']));
}

async function createClient(admin: string): Promise<Client> {
  const created = await wire.adminPost(admin, '/admin/v1/clients', {
    name: 'Demo',
    type: 'confidential',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['refresh_token'],
    scopes: ['read', 'write'],
    refresh: { retry_window_seconds: RETRY_WINDOW_SECONDS },
    may_introspect: true,
  });
  return { id: String(created['client_id']), secret: String(created['client_secret']) };
}

function start(): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(new URL('../main.js', import.meta.url))], {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      REKEY_DATA_DIR: directory,
      REKEY_LOG_LEVEL: 'silent',
      REKEY_ADMIN_CLIENT_ID: ADMIN.id,
      REKEY_ADMIN_CLIENT_SECRET: ADMIN.secret,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function listening(): Promise<void> {
  say('Starting a server with an empty embedded database (a few seconds the first time) …');
  for (;;) {
    if (server.exitCode !== null) throw new Error('The server did not start');
    const isReady = await fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    await sleep(50);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}
