/** The registrations at a start: the first admin client, and for an embedded service all that is needed to try it. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientsService } from '../../src/clients/clients.service.js';
import { baseUrlOf, settingsOf } from '../../examples/relying-party/settings.js';
import { banner } from '../../src/first-boot/banner.js';
import { readCredentials, type Credentials } from '../../src/first-boot/credentials-file.js';
import { DemoClient } from '../../src/first-boot/demo-client.service.js';
import { FirstBoot } from '../../src/first-boot/first-boot.service.js';
import { UsersService } from '../../src/users/users.service.js';
import { refresh, send } from '../support/requests.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';

const dataDir = mkdtempSync(join(tmpdir(), 'rekey-first-boot-'));
const ORIGIN = { actor: 'test', correlationId: 'test' };

let app: TestApp;
let clients: ClientsService;
let users: UsersService;
let first: Credentials;
let demoUrl: string;

const boot = () => app.nest.get(FirstBoot, { strict: false }).run();

beforeAll(async () => {
  app = await startAppAtIssuer({ environment: { REKEY_DATA_DIR: dataDir } });
  clients = app.nest.get(ClientsService, { strict: false });
  users = app.nest.get(UsersService, { strict: false });
  demoUrl = `http://127.0.0.1:${Number(new URL(app.url).port) + 1}`;
  const started = await boot();
  expect(started).toMatchObject({ areNew: true });
  first = started!.credentials;
});
afterAll(async () => {
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the first start of an embedded service', () => {
  it('the first start of an embedded service creates a user who can sign in', async () => {
    const context = { correlationId: 'test', source: '192.0.2.1', arrivedAt: app.clock.now() };
    const verdict = await users.authenticate('demo', first.demoPassword!, context);
    expect(verdict).toMatchObject({ verdict: 'ok' });
    expect(await users.findByUsername('demo')).toMatchObject({ claims: { name: 'Demo User' } });
  });

  it('the first start registers the demo client for the port after its own', async () => {
    expect(await clients.find('demo-web')).toMatchObject({
      type: 'confidential',
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: [`${demoUrl}/callback`],
      postLogoutRedirectUris: [`${demoUrl}/`],
      backchannelLogoutUri: `${demoUrl}/backchannel-logout`,
      firstParty: false,
      requirePkce: true,
    });
  });

  it('the first start writes its secrets to a file with owner-only access, which the demo client reads', () => {
    const file = join(dataDir, 'credentials.env');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(`DEMO_PASSWORD=${first.demoPassword}`);
    const settings = settingsOf({ REKEY_DATA_DIR: dataDir, PORT: new URL(demoUrl).port });
    expect(settings).toMatchObject({
      issuer: app.issuer,
      clientId: 'demo-web',
      clientSecret: first.webClientSecret,
    });
    expect(baseUrlOf(settings)).toBe(demoUrl);
  });

  it('the first start gives the user a password that is easy to type', () => {
    expect(first.demoPassword).toMatch(/^([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/);
  });
});

describe('a later start', () => {
  beforeEach(async () => {
    const started = await boot();
    expect(started).toMatchObject({ areNew: false });
  });

  it('a later start keeps every secret except the refresh token, which is new', async () => {
    const now = readCredentials(dataDir);
    expect({ ...now, demoRefreshToken: first.demoRefreshToken }).toEqual(first);
    expect(now.demoRefreshToken).not.toBe(first.demoRefreshToken);
    const demo = { clientId: 'demo-shell', secret: now.demoClientSecret, method: 'client_secret_basic' as const };
    expect((await refresh(app, demo, now.demoRefreshToken!)).status).toBe(200);
  });

  it('a later start moves the demo client to another port and keeps an admin’s changes', async () => {
    const moved = { redirectUris: ['http://127.0.0.1:1/callback'], audience: ['https://api.example'] };
    await clients.update('demo-web', { ...moved, name: 'My demo', accessTokenTtlSeconds: 60 }, ORIGIN);
    await boot();
    expect(await clients.find('demo-web')).toMatchObject({
      name: 'My demo',
      accessTokenTtlSeconds: 60,
      redirectUris: [`${demoUrl}/callback`],
      audience: [app.issuer, `${demoUrl}/api`],
    });
  });

  it('a later start without a change changes nothing', async () => {
    const before = await clients.find('demo-web');
    app.clock.advanceSeconds(1);
    await boot();
    expect(await clients.find('demo-web')).toEqual(before);
  });

  it('a later start does not recreate a deleted client', async () => {
    await clients.delete('demo-shell', ORIGIN);
    expect((await boot())?.credentials.demoRefreshToken).toBeUndefined();
    expect(await clients.find('demo-shell')).toBeNull();
  });
});

describe('the demo client beside the service', () => {
  const start = () => app.nest.get(DemoClient, { strict: false }).start(first);
  const said = (demoClient: Awaited<ReturnType<typeof start>>) =>
    banner({ url: app.url, dataDir, credentials: first, areNew: false, demoClient });

  it('the demo client is not started if its port is taken, and the banner says so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(new URL(demoUrl).port), '127.0.0.1', resolve));
    const outcome = await start();
    await new Promise((resolve) => other.close(resolve));
    expect(outcome).toEqual({ url: `${demoUrl}/`, isRunning: false });
    expect(said(outcome)).toContain('was not started');
    expect(
      banner({ url: app.url, dataDir, credentials: first, areNew: false, consoleUrl: 'http://id/console' }),
    ).toContain('in the console, as the same user: http://id/console');
  });

  it('the demo client answers at the printed address', async () => {
    const outcome = await start();
    const [, url] = /Sign in as demo at the demo client: (\S+)/.exec(said(outcome)) ?? [];
    expect((await send(url!)).text).toContain('Nobody is signed in');
    expect((await send(new URL('/sign-in', url).href, { redirect: 'manual' })).headers.get('location')).toContain(
      `${app.issuer}/authorize?`,
    );
  });
});

describe('an embedded service in production', () => {
  it('an embedded service in production generates no credentials', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'rekey-production-'));
    const admin = { clientId: 'ops', secret: 'Zk3vR9xW2mZ8qL5nB7cD4fG6hJ1pS0aY' };
    const production = await startAppAtIssuer({
      environment: {
        NODE_ENV: 'production',
        REKEY_ISSUER: 'https://id.example.com',
        REKEY_TRUSTED_PROXIES: '127.0.0.1',
        REKEY_ADMIN_CLIENT_ID: admin.clientId,
        REKEY_ADMIN_CLIENT_SECRET: admin.secret,
        REKEY_DATA_DIR: empty,
      },
    });
    try {
      expect(await production.nest.get(FirstBoot, { strict: false }).run()).toBeUndefined();
      const registered = await production.nest.get(ClientsService, { strict: false }).list(10);
      expect(registered.map(({ clientId }) => clientId)).toEqual(['ops']);
      expect(await production.nest.get(UsersService, { strict: false }).list(10)).toEqual([]);
      expect(readCredentials(empty)).toEqual({});
    } finally {
      await production.close();
      rmSync(empty, { recursive: true, force: true });
    }
  });
});

it.each([
  ['warns of an admin secret that Basic needs encoded', 'Zk3vR9xW2mZ8qL5nB7cD4fG6hJ1pS0a+/', true],
  ['says nothing of one that no encoding changes', 'Zk3vR9xW2mZ8qL5nB7cD4fG6hJ1pS0aY', false],
])('a start %s', async (_, secret, warns) => {
  const environment = { REKEY_ADMIN_CLIENT_ID: 'ops', REKEY_ADMIN_CLIENT_SECRET: secret, REKEY_DATA_DIR: dataDir };
  const started = await startAppAtIssuer({ environment });
  try {
    await started.nest.get(FirstBoot, { strict: false }).run();
    expect(started.logs.some((line) => line.includes('openssl rand -hex 32'))).toBe(warns);
    expect(started.logs.some((line) => line.includes(secret))).toBe(false);
  } finally {
    await started.close();
  }
});

it('a start reports that the configured admin secret was deleted and is not restored', async () => {
  const secret = 'Zk3vR9xW2mZ8qL5nB7cD4fG6hJ1pS0aY';
  const environment = { REKEY_ADMIN_CLIENT_ID: 'ops', REKEY_ADMIN_CLIENT_SECRET: secret, REKEY_DATA_DIR: dataDir };
  const started = await startAppAtIssuer({ environment });
  try {
    const run = () => started.nest.get(FirstBoot, { strict: false }).run();
    const warnings = () => started.logs.filter((line) => line.includes('is no secret of the client ops')).length;
    await run();
    await run();
    expect(warnings()).toBe(0);
    const own = started.nest.get(ClientsService, { strict: false });
    for (const { secretId } of await own.listSecrets('ops')) await own.deleteSecret('ops', secretId, ORIGIN);
    await run();
    expect(warnings()).toBe(1);
    expect(started.logs.some((line) => line.includes(secret))).toBe(false);
  } finally {
    await started.close();
  }
});
