/** The command line in production, where plain HTTP is refused: over the Unix socket, and through a proxy with TLS. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CommandLine, type CommandResult } from '../support/command-line.js';
import { Deployment } from '../support/deployment.js';
import { FIRST_ADMIN, type RekeyProcess } from '../support/rekey-process.js';

let line: CommandLine;
let deployment: Deployment;
let folder: string;
let rekey: RekeyProcess;
let proxy: Server;

/** What an operator has in the container as well, since `docker exec` inherits it. */
const environment = () => ({
  NODE_ENV: 'production',
  REKEY_ISSUER: 'https://id.example.com/auth',
  REKEY_TRUSTED_PROXIES: '127.0.0.1',
  REKEY_ADMIN_CLIENT_ID: FIRST_ADMIN.clientId,
  REKEY_ADMIN_CLIENT_SECRET: FIRST_ADMIN.secret ?? '',
  REKEY_ADMIN_SOCKET: join(folder, 'admin.sock'),
});

beforeAll(async () => {
  line = CommandLine.compile();
  folder = mkdtempSync(join(tmpdir(), 'rekey-socket-'));
  deployment = await Deployment.start();
  rekey = await deployment.replica({ env: environment() });
  proxy = tlsProxy(rekey.url);
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await deployment.stop();
  line.remove();
  rmSync(folder, { recursive: true });
});

/** Ends TLS with a certificate that no CA has signed, like one of a company's own. */
function tlsProxy(target: string): Server {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...names], {
    stdio: 'ignore',
  });
  return createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, outgoing) => {
    const headers = { ...incoming.headers, 'x-forwarded-proto': 'https' };
    const forwarded = request(`${target}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
}

const proxyUrl = () => `https://localhost:${(proxy.address() as AddressInfo).port}/auth`;

const run = (args: string[], settings: Record<string, string> = {}): Promise<CommandResult> =>
  line.run(args, { ...environment(), ...settings });

async function expectWork(settings: Record<string, string>): Promise<void> {
  const created = await run(['--json', 'client', 'create', '--name', 'Shop', '--type', 'confidential'], settings);
  expect(created).toMatchObject({ exitCode: 0, stderr: '' });
  const { client_id } = JSON.parse(created.stdout) as { client_id: string };
  for (const args of [
    ['client', 'list'],
    ['key', 'list'],
    ['secrets', 'status'],
    ['audit', '--limit', '1'],
  ]) {
    expect(await run(args, settings)).toMatchObject({ exitCode: 0 });
  }
  expect((await run(['client', 'show', client_id], settings)).stdout).toContain('Shop');
  expect(await run(['client', 'delete', client_id, '--yes'], settings)).toMatchObject({ exitCode: 0, stderr: '' });
}

it('the command line works over the socket, with the service’s own environment', async () => {
  await expectWork({});
  expect(statSync(environment().REKEY_ADMIN_SOCKET).mode & 0o777).toBe(0o600);
});

it('the command line works through a proxy with a certificate of a CA of one’s own', async () => {
  await expectWork({ REKEY_URL: proxyUrl(), NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') });
});

it.each<[string, () => Record<string, string>, RegExp]>([
  [
    'an untrusted certificate',
    () => ({ REKEY_URL: proxyUrl() }),
    /^https:\/\/localhost:\d+\/auth has a certificate that is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. NODE_EXTRA_CA_CERTS names/,
  ],
  ['plain HTTP', () => ({ REKEY_URL: `${rekey.url}/auth` }), /answers over TLS only/],
  [
    'a socket that is not there',
    () => ({ REKEY_ADMIN_SOCKET: join(folder, 'nothing.sock') }),
    /^The socket .*nothing\.sock does not answer \(ENOENT\)\. REKEY_ADMIN_SOCKET says where Rekey is\.\n$/,
  ],
  ['a wrong secret over the socket', () => ({ REKEY_ADMIN_CLIENT_SECRET: 'wrong' }), /^No access token/],
])('%s is one sentence that says what to do', async (_, settings, sentence) => {
  const { exitCode, stdout, stderr } = await run(['client', 'list'], settings());
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(sentence);
});

it('a socket that a killed process left is taken over; one that is in use, or a wrong path, ends the start', async () => {
  const { REKEY_ADMIN_SOCKET } = environment();
  const second = await deployment.launchReplica({ env: environment() });
  expect(await second.exited).toMatchObject({ code: 1 });
  expect(second.output).toContain(`The socket ${REKEY_ADMIN_SOCKET} (REKEY_ADMIN_SOCKET) cannot be used: EADDRINUSE.`);
  const lost = await deployment.launchReplica({ env: { ...environment(), REKEY_ADMIN_SOCKET: '/nowhere/admin.sock' } });
  expect(await lost.exited).toMatchObject({ code: 1 });
  await rekey.kill();
  expect(existsSync(REKEY_ADMIN_SOCKET)).toBe(true);
  rekey = await deployment.again(rekey);
  expect(await run(['client', 'list'])).toMatchObject({ exitCode: 0 });
  expect(await rekey.stop()).toEqual({ code: 0, signal: null });
  expect(existsSync(REKEY_ADMIN_SOCKET)).toBe(false);
});
