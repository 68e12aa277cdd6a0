/**
 * Prints the files of `src/` that one refresh enters: starts an embedded service in this process, refreshes twice to warm it up,
 * and takes V8's coverage around the third. Fails when a file of the spine is not entered, or when there are too many.
 * Wants a build. The data directory is a temporary one and is removed.
 */
import { createServer } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, URLSearchParams } from 'node:url';

/** What it is today, so that it does not grow unnoticed. The aim is 30. */
const MAX_FILES = 32;

/** From the socket to the answer. */
const SPINE = [
  'endpoints/token/token.controller.ts',
  'endpoints/token/token.service.ts',
  'endpoints/token/grants/refresh-token.grant.ts',
  'refresh/refresh.service.ts',
  'refresh/rotations.service.ts',
  'refresh/token-family.repository.ts',
  'refresh/family-authorizations.service.ts',
  'issuance/issuance.service.ts',
  'keys/jws.ts',
];

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), 'rekey-trace-'));
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function settings(port) {
  for (const name of Object.keys(process.env))
    if (/^(REKEY_|DATABASE_URL$|REDIS_URL$|NODE_ENV$|HOST$|PORT$)/.test(name)) delete process.env[name];
  Object.assign(process.env, { PORT: String(port), REKEY_DATA_DIR: dataDir, REKEY_LOG_LEVEL: 'error' });
}

const credentials = () =>
  Object.fromEntries(
    readFileSync(join(dataDir, 'credentials.env'), 'utf8')
      .split('\n')
      .map((line) => line.split('=', 2)),
  );

async function refresh(url, { DEMO_ID, DEMO_SECRET }, refreshToken) {
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${DEMO_ID}:${DEMO_SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  });
  if (response.status !== 200) throw new Error(`refresh: ${response.status} ${await response.text()}`);
  return (await response.json()).refresh_token;
}

/** Files with a function that ran; a module's own top level ran at its import. */
const entered = ({ result }) =>
  result
    .filter(({ url }) => url.startsWith(`file://${dist}`))
    .filter(({ functions }) => functions.some(({ ranges: [range] }) => range.count > 0))
    .map(({ url }) => fileURLToPath(url).slice(dist.length).replace(/\.js$/, '.ts'))
    .sort();

const port = await freePort();
settings(port);
console.log = () => undefined; // the banner has secrets
await import('../dist/main.js');
const url = `http://127.0.0.1:${port}`;
const known = credentials();
let token = known.RT;
for (let warm = 0; warm < 2; warm += 1) token = await refresh(url, known, token);

const inspector = new Session();
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
await sleep(50);
await inspector.post('Profiler.takePreciseCoverage');
await refresh(url, known, token);
const files = entered(await inspector.post('Profiler.takePreciseCoverage'));
inspector.disconnect();

const missing = SPINE.filter((file) => !files.includes(file));
const lines = files.map((file) => `${SPINE.includes(file) ? '*' : ' '} src/${file}`);
process.stdout.write(`A refresh enters ${files.length} files of src/, its spine is marked:\n${lines.join('\n')}\n`);
if (missing.length > 0) process.stderr.write(`not entered, so not the spine: ${missing.join(', ')}\n`);
if (files.length > MAX_FILES) process.stderr.write(`more than ${MAX_FILES} files\n`);
process.exit(missing.length > 0 || files.length > MAX_FILES ? 1 : 0);
