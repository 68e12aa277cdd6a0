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

const ADMIN = { id: 'admin', secret: 'demo-admin-secret-that-lives-for-a-minute' };
const RETRY_WINDOW_SECONDS = 2;

interface Client {
  readonly id: string;
  readonly secret: string;
}

type Json = Record<string, unknown>;

const directory = mkdtempSync(join(tmpdir(), 'rekey-demo-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const server = start();
try {
  await listening();
  await run();
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const admin = String((await quietly(ADMIN, '/token', { grant_type: 'client_credentials' }))['access_token']);
  const client = await createClient(admin);

  title('1. A refresh: the access token has expired, and the user is not asked again');
  const first = await startFamily(admin, client, 'alice');
  const second = await refresh(client, first);

  title('2. The answer is lost on a train: the client asks again with the same token, and gets the same successor');
  const lost = await refresh(client, second, '(this answer never arrives)');
  const again = await refresh(client, second);
  say(
    lost === again
      ? '   The same refresh token came back: one session, one live token.'
      : '   THIS IS WRONG: another token came back.',
  );

  title('3. A thief has copied a token that the client has long replaced: using it ends the family for both');
  const stolen = await startFamily(admin, client, 'bob');
  const current = await refresh(client, stolen);
  say(`   … ${RETRY_WINDOW_SECONDS} seconds later, outside the retry window, the thief appears:`);
  await sleep(RETRY_WINDOW_SECONDS * 1000 + 500);
  await refresh(client, stolen);
  say('   And the token that was still good, wherever it is, no longer works either:');
  await refresh(client, current);

  title('4. A revocation takes effect at once, for a JWT as well');
  const carols = await startFamily(admin, client, 'carol');
  const answer = await tell(client, '/token', { grant_type: 'refresh_token', refresh_token: carols });
  const accessToken = String(answer['access_token']);
  await tell(client, '/introspect', { token: accessToken });
  say('   The admin revokes everything of carol:');
  await adminPost(admin, '/admin/v1/revocations', { kind: 'subject', value: 'carol', reason: 'laptop lost' }, true);
  await tell(client, '/introspect', { token: accessToken });
  await refresh(client, String(answer['refresh_token']));
}

async function createClient(admin: string): Promise<Client> {
  const created = await adminPost(admin, '/admin/v1/clients', {
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

async function startFamily(admin: string, client: Client, subject: string): Promise<string> {
  const family = await adminPost(admin, '/admin/v1/families', { client_id: client.id, subject, scope: 'read write' });
  return String(family['refresh_token']);
}

async function refresh(client: Client, refreshToken: string, remark = ''): Promise<string> {
  const answer = await tell(client, '/token', { grant_type: 'refresh_token', refresh_token: refreshToken }, remark);
  return String(answer['refresh_token']);
}

/** Sends a form and prints it with its answer. */
async function tell(client: Client, path: string, form: Record<string, string>, remark = ''): Promise<Json> {
  say(`   → POST ${path}  ${shorten(new URLSearchParams(form).toString())}`);
  const { status, body } = await send(client, path, form);
  say(`   ← ${status}  ${shorten(JSON.stringify(body))} ${remark}`.trimEnd());
  return body;
}

async function quietly(client: Client, path: string, form: Record<string, string>): Promise<Json> {
  return (await send(client, path, form)).body;
}

async function send({ id, secret }: Client, path: string, form: Record<string, string>) {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as Json };
}

async function adminPost(token: string, path: string, body: Json, aloud = false): Promise<Json> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Json;
  if (aloud)
    say(`   → POST ${path}  ${JSON.stringify(body)}\n   ← ${response.status}  ${shorten(JSON.stringify(answer))}`);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Shortens tokens so that they stay distinguishable and readable. They are only valid during this demo. */
function shorten(text: string): string {
  return text
    .replace(/eyJ[\w.-]+/g, (jwt) => `eyJ…${jwt.slice(-6)}`)
    .replace(/rt_[\w-]+/g, (token) => `rt_…${token.slice(-6)}`);
}

function title(text: string): void {
  say(`\n${text}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
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
    const isLive = await fetch(`${url}/health/live`).then(
      (response) => response.ok,
      () => false,
    );
    if (isLive) return;
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
